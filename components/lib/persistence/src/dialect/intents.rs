//! The statements about what classifiers said before.

/// The SQL of the intent cache in one database.
pub(crate) struct IntentStatements {
    pub(crate) find: &'static str,
    pub(crate) put: &'static str,
    pub(crate) prune: &'static str,
}

/// SQLite.
pub(crate) static SQLITE: IntentStatements = IntentStatements {
    find: "SELECT Document FROM IntentCache WHERE Place = ?1 AND Key = ?2 AND ExpiresAt > ?3",
    put: "INSERT INTO IntentCache (Place, Key, Document, ExpiresAt) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (Place) DO UPDATE SET Key = excluded.Key, Document = excluded.Document,
  ExpiresAt = excluded.ExpiresAt",
    prune: "DELETE FROM IntentCache WHERE Place IN (SELECT Place FROM IntentCache
  WHERE ExpiresAt <= ?1 ORDER BY ExpiresAt LIMIT ?2) RETURNING 1",
};

/// PostgreSQL.
pub(crate) static POSTGRES: IntentStatements = IntentStatements {
    find: "SELECT Document FROM IntentCache
WHERE Place = $1::bigint AND Key = $2::text AND ExpiresAt > $3::text::timestamptz",
    put: "INSERT INTO IntentCache (Place, Key, Document, ExpiresAt)
VALUES ($1::bigint, $2::text, $3::text, $4::text::timestamptz)
ON CONFLICT (Place) DO UPDATE SET Key = excluded.Key, Document = excluded.Document,
  ExpiresAt = excluded.ExpiresAt",
    prune: "DELETE FROM IntentCache WHERE Place = ANY (ARRAY(SELECT Place FROM IntentCache
  WHERE ExpiresAt <= $1::text::timestamptz ORDER BY ExpiresAt LIMIT $2::bigint
  FOR UPDATE SKIP LOCKED)) RETURNING 1::bigint",
};
