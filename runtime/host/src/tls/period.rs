//! From when to when a certificate is valid.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// How long before its end a certificate is warned of.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// What is to be said of a certificate's period, if anything is. Nothing of one whose
/// form is not understood here: it is for clients to judge.
pub(super) fn concern(certificate: &CertificateDer<'_>, now: SystemTime) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let period = certificate.tbs_certificate.validity;
    let (begin, end) = (period.not_before, period.not_after);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if now < begin.to_unix_duration() {
        return Some(format!("is not valid before {begin}"));
    }
    match end.to_unix_duration().checked_sub(now) {
        None => Some(format!("has expired: it was valid until {end}")),
        Some(left) if left <= SOON => Some(format!("ends soon: it is valid until {end}")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_warned_of_outside_its_period_and_near_its_end() {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 3, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let begin = 1_767_225_600;
        let (day, end) = (86_400, begin + 59 * 86_400);
        for (now, expected) in [
            (begin - 1, Some("is not valid before 2026-01-01T00:00:00Z")),
            (begin, None),
            (end - 14 * day - 1, None),
            (
                end - 14 * day,
                Some("ends soon: it is valid until 2026-03-01T00:00:00Z"),
            ),
            (
                end,
                Some("ends soon: it is valid until 2026-03-01T00:00:00Z"),
            ),
            (
                end + 1,
                Some("has expired: it was valid until 2026-03-01T00:00:00Z"),
            ),
        ] {
            let now = UNIX_EPOCH + Duration::from_secs(now);
            let found = concern(certificate.der(), now);
            assert_eq!(found.as_deref(), expected, "{now:?}");
        }
        assert_eq!(concern(&CertificateDer::from(vec![0; 9]), UNIX_EPOCH), None);
    }
}
