//! SQLite.

use super::CircuitStatements;

/// SQLite.
pub(crate) static SQLITE: CircuitStatements = CircuitStatements {
    report: "INSERT INTO CircuitReportV4 (Origin, AgentId, Failed, Probe, Now, Since, OpensAt,
  OwnOpensAt, Threshold, Share) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    list: "SELECT Origin, AgentId, State, Failures, OpensAt, ChangedAt FROM UpstreamCircuit",
    changes: "SELECT Number, Origin, AgentId, Before, After, Timestamp FROM UpstreamCircuitChange
WHERE Number < ?1 ORDER BY Number DESC LIMIT ?2",
    // The trigger removes what is counted here: nobody else writes meanwhile.
    prune: "INSERT INTO CircuitPruneV4 (Before, AtMost, Removed)
SELECT ?1, ?2,
  (SELECT COUNT(*) FROM (SELECT 1 FROM UpstreamCircuitChange WHERE Timestamp < ?1 LIMIT ?2) old)
    + (SELECT COUNT(*) FROM (SELECT 1 FROM UpstreamCircuit
      WHERE COALESCE(OpensAt, WindowStart) < ?1 LIMIT ?2) old)
RETURNING Removed",
    probe: include_str!("../../../sql/sqlite/probe.sql"),
};
