//! The statements about credentials of upstreams.

/// The SQL of credentials in one database.
pub(crate) struct CredentialStatements {
    pub(crate) insert: &'static str,
    pub(crate) find: &'static str,
    pub(crate) replace: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) list: &'static str,
}

/// SQLite.
pub(crate) static SQLITE: CredentialStatements = CredentialStatements {
    insert: "INSERT INTO UpstreamCredential (Id, HeaderNames, KeyId, Sealed, UpdatedAt, Origin,
  CreatedAt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    find: "SELECT Id, Origin, HeaderNames, KeyId, CreatedAt, UpdatedAt FROM UpstreamCredential
WHERE Id = ?1",
    replace: "UPDATE UpstreamCredential SET HeaderNames = ?2, KeyId = ?3, Sealed = ?4,
  UpdatedAt = ?5 WHERE Id = ?1 RETURNING Id",
    remove: "DELETE FROM UpstreamCredential WHERE Id = ?1 RETURNING Id",
    list: "SELECT Id, Origin, HeaderNames, KeyId, CreatedAt, UpdatedAt FROM UpstreamCredential
WHERE Origin > ?1 ORDER BY Origin LIMIT ?2",
};

/// PostgreSQL.
pub(crate) static POSTGRES: CredentialStatements = CredentialStatements {
    insert: "INSERT INTO UpstreamCredential (Id, HeaderNames, KeyId, Sealed, UpdatedAt, Origin,
  CreatedAt) VALUES ($1::text::uuid, $2::text, $3::text, $4::bytea, $5::text::timestamptz,
  $6::text, $7::text::timestamptz)",
    find: "SELECT Id::text AS i, Origin, HeaderNames, KeyId, VectraTimeV1(CreatedAt) AS c,
  VectraTimeV1(UpdatedAt) AS u FROM UpstreamCredential WHERE Id = $1::text::uuid",
    replace: "UPDATE UpstreamCredential SET HeaderNames = $2::text, KeyId = $3::text,
  Sealed = $4::bytea, UpdatedAt = $5::text::timestamptz WHERE Id = $1::text::uuid
RETURNING Id::text",
    remove: "DELETE FROM UpstreamCredential WHERE Id = $1::text::uuid RETURNING Id::text",
    list: "SELECT Id::text AS i, Origin, HeaderNames, KeyId, VectraTimeV1(CreatedAt) AS c,
  VectraTimeV1(UpdatedAt) AS u FROM UpstreamCredential
WHERE Origin > $1::text ORDER BY Origin LIMIT $2::bigint",
};
