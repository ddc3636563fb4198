//! Times in UTC.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Returns a time in UTC (RFC 3339).
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    // No command sets a time beyond year 9999. One that another program wrote into the database is shown as the latest.
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
}

pub(super) fn optional(time: Option<SystemTime>) -> Option<String> {
    time.map(rfc3339)
}

/// Returns a time, or `never`.
pub(super) fn or_never(time: Option<SystemTime>) -> String {
    optional(time).unwrap_or_else(|| "never".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::rfc3339;

    #[test]
    fn any_time_has_the_form_of_rfc_3339() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(at(i64::MAX.unsigned_abs()), "9999-12-31T23:59:59Z");
    }
}
