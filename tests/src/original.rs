//! Databases as the original leaves them (OB §15): what EF Core makes of its
//! entities on SQLite, in WAL mode as it sets it.

use std::path::Path;

use anyhow::{Context, Result};

/// The secret that [`ACTIVE`] had in the original.
pub const SECRET: &str = "the-old-secret";
/// An agent that is active there; its secret is hashed as the original does it
/// (`$2a$`, cost 11; made with libxcrypt).
pub const ACTIVE: &str = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
/// One that is revoked, with the same secret.
pub const REVOKED: &str = "6F9619FF-8B86-D011-B42D-00C04FC964F0";
/// One of a status that nobody knows, with the same secret, and much else that is
/// odd.
pub const ODD: &str = "6F9619FF-8B86-D011-B42D-00C04FC964F1";
/// What only bodies hold, in `Intent`.
pub const BODY: &str = "the body with a password";

/// The tables.
const TABLES: &str = r#"
PRAGMA journal_mode = 'wal';
CREATE TABLE "Agents" (
    "Id" TEXT NOT NULL CONSTRAINT "PK_Agents" PRIMARY KEY,
    "Name" TEXT NOT NULL,
    "OwnerId" TEXT NOT NULL,
    "Status" TEXT NOT NULL DEFAULT 'Active',
    "PolicyName" TEXT NULL,
    "ClientSecretHash" TEXT NOT NULL,
    "TrustScore" REAL NOT NULL,
    "CreatedBy" TEXT NULL,
    "CreatedOn" TEXT NULL,
    "LastModifiedBy" TEXT NULL,
    "LastModifiedOn" TEXT NULL
);
CREATE TABLE "AuditLogs" (
    "Id" INTEGER NOT NULL CONSTRAINT "PK_AuditLogs" PRIMARY KEY AUTOINCREMENT,
    "AgentId" TEXT NOT NULL,
    "Action" TEXT NOT NULL,
    "TargetUrl" TEXT NOT NULL,
    "Status" TEXT NOT NULL,
    "RiskScore" REAL NULL,
    "Intent" TEXT NULL,
    "Reason" TEXT NULL,
    "Timestamp" TEXT NULL
);
CREATE TABLE "AgentHistories" (
    "Id" TEXT NOT NULL CONSTRAINT "PK_AgentHistories" PRIMARY KEY,
    "AgentId" TEXT NOT NULL,
    "WindowStart" TEXT NOT NULL,
    "WindowDurationSeconds" INTEGER NOT NULL DEFAULT 60,
    "TotalRequests" INTEGER NOT NULL DEFAULT 0,
    "ViolationCount" INTEGER NOT NULL DEFAULT 0,
    "AverageRiskScore" REAL NOT NULL DEFAULT 0.0,
    "CreatedBy" TEXT NULL,
    "CreatedOn" TEXT NULL,
    "LastModifiedBy" TEXT NULL,
    "LastModifiedOn" TEXT NULL,
    CONSTRAINT "FK_AgentHistories_Agents_AgentId" FOREIGN KEY ("AgentId") REFERENCES "Agents" ("Id") ON DELETE CASCADE
);
CREATE UNIQUE INDEX "IX_AgentHistories_AgentId_WindowStart" ON "AgentHistories" ("AgentId", "WindowStart");
"#;

/// Agents: three as they should be, one odd, one without an id.
const AGENTS: &str = r#"
INSERT INTO "Agents" ("Id", "Name", "OwnerId", "Status", "PolicyName", "ClientSecretHash", "TrustScore") VALUES
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'billing', 'finance', 'Active', 'billing-policy',
    '$2a$11$N9qo8uLOickgx2ZMRZoMyeaK2m4.V8ANy8rbqeNMyuahwB0osO86a', 0.5),
('6F9619FF-8B86-D011-B42D-00C04FC964F0', 'retired', '', 'revoked', NULL,
    '$2a$11$N9qo8uLOickgx2ZMRZoMyeaK2m4.V8ANy8rbqeNMyuahwB0osO86a', 0.75),
('6F9619FF-8B86-D011-B42D-00C04FC964F1', printf('%.*c', 200, 'x'), 'a' || char(0) || 'b', 'Suspended', 'read-only',
    '$2a$11$N9qo8uLOickgx2ZMRZoMyeaK2m4.V8ANy8rbqeNMyuahwB0osO86a', 7.5),
('6F9619FF-8B86-D011-B42D-00C04FC964F2', CAST(x'ff' AS TEXT), 'me', 'Active', NULL, 'no hash at all', 0.5),
('agent-5', 'no id', 'me', 'Active', NULL, '', 0.5);
"#;

/// Decisions, the life of a held request, and oddities.
const AUDIT: &str = r#"
INSERT INTO "AuditLogs" ("AgentId", "Action", "TargetUrl", "Status", "RiskScore", "Intent", "Reason", "Timestamp") VALUES
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'GET /items?page=2&api_key=abc123', '/items?page=2&api_key=abc123', 'Allow', 0.31, NULL, NULL,
    '2026-04-30 09:00:00.1234567'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'DELETE /items/1', '/items/1', 'Deny', 0.0, 'the body with a password', 'never delete',
    '2026-04-30 09:00:01'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'POST /items', '/items', 'Hitl', 0.84, 'the body with a password', 'High risk score: 0.84',
    '2026-04-30 09:00:02'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'POST /items', '/items', 'PENDING_HITL', NULL,
    'HITL:0b6f3f52-8d59-4f0e-9d0a-0c8d5c4e7a11', 'High risk score: 0.84', '2026-04-30 09:00:02.5'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'POST https://user:abc123@api.example.com/items', 'https://user:abc123@api.example.com/items',
    'HITL_APPROVED', NULL, 'HITL:0b6f3f52-8d59-4f0e-9d0a-0c8d5c4e7a11', 'Reviewer: unknown. fine', '2026-04-30 09:05:00+02:00'),
('00000000-0000-0000-0000-000000000000', 'UNKNOWN', '', 'HITL_DENIED', NULL, 'HITL:gone', 'Reviewer: unknown. ', '2026-04-30 09:06:00'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'GET /odd', '/odd', 'Allowed', 9.5, NULL, NULL, '2026-04-30 09:07:00'),
('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'GET /never', '/never', 'Allow', 0.1, NULL, NULL, NULL);
"#;

/// Counters of the risk engine.
const HISTORY: &str = r#"
INSERT INTO "AgentHistories" ("Id", "AgentId", "WindowStart", "TotalRequests") VALUES
('A0000000-0000-4000-8000-000000000001', '6F9619FF-8B86-D011-B42D-00C04FC964FF', '2026-04-30 09:00:00', 4);
"#;

/// The program that uses the database, as far as the file shows it.
pub struct Original {
    connection: libsql::Connection,
}

impl Original {
    /// Makes a database with all of this in it, and leaves it open: the newest of it
    /// is in the write-ahead log only.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn start(path: &Path) -> Result<Self> {
        let connection = libsql::Builder::new_local(path).build().await?.connect()?;
        let original = Self { connection };
        for script in [TABLES, AGENTS] {
            original.run(script).await?;
        }
        original.run("PRAGMA wal_checkpoint(TRUNCATE);").await?;
        for script in [AUDIT, HISTORY] {
            original.run(script).await?;
        }
        Ok(original)
    }

    /// Makes a database and closes it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn leave(path: &Path) -> Result<()> {
        Self::start(path).await.map(drop)
    }

    /// Runs some statements.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn run(&self, script: &str) -> Result<()> {
        self.connection
            .execute_batch(script)
            .await
            .map(drop)
            .with_context(|| script.to_owned())
    }
}
