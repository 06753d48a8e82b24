//! Ids for audit rows that had only a number.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use vectra_domain::AuditId;

use crate::time::Moment;

/// What tells a row from all others, in whatever file or copy it stands. Nothing of
/// it is secret, since the id is public.
pub(crate) struct Identity<'a> {
    pub row: i64,
    pub agent: &'a str,
    pub status: &'a str,
    pub timestamp: &'a str,
}

/// A UUIDv7 of the row's time, to a quarter of a microsecond, and of a SHA-256 of
/// the row's identity in place of random bits: the same at every import, and of
/// another database practically never the same. Times before 1970 count as 1970.
pub(crate) fn audit_id(identity: &Identity<'_>, moment: Moment) -> AuditId {
    let mut hash = Sha256::new_with_prefix("vectra import of AuditLogs, 1");
    hash.update(identity.row.to_be_bytes());
    for text in [identity.agent, identity.status, identity.timestamp] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
    let random = u64::from_be_bytes([a, b, c, d, e, f, g, h]) & ((1 << 62) - 1);
    let milliseconds = moment.timestamp.micros().div_euclid(1_000);
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0) & ((1 << 48) - 1);
    let fraction = u64::from(moment.nanoseconds) * 4_096 / 1_000_000;
    let high = (milliseconds << 16) | (7 << 12) | fraction;
    let low = (0b10 << 62) | random;
    AuditId::new(Uuid::from_u64_pair(high, low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::read;

    fn id(row: i64, timestamp: &str) -> AuditId {
        let identity = Identity {
            row,
            agent: "6F9619FF-8B86-D011-B42D-00C04FC964FF",
            status: "Allow",
            timestamp,
        };
        audit_id(&identity, read(timestamp).unwrap())
    }

    #[test]
    fn is_a_uuid_of_version_7_and_never_changes() {
        let first = id(1, "2024-05-01 12:34:56.1234567");
        assert_eq!(first.uuid().get_version_num(), 7);
        assert_eq!(first.to_string(), "018f3426-99fb-774e-a3fe-a3d8d80d8af9");
    }

    #[test]
    fn sorts_as_time_does_and_differs_by_row() {
        let times = [
            "0001-01-01 00:00:00",
            "2024-05-01 12:34:56.1234567",
            "2024-05-01 12:34:56.1234577",
            "2024-05-01 12:34:56.124",
            "9999-12-31 23:59:59.9999999",
        ];
        let ids: Vec<_> = times.iter().map(|time| id(1, time)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_ne!(id(1, times[1]), id(2, times[1]));
    }
}
