//! Computes `Retry-After` (RFC 9110, section 10.2.3). `throttle` computes how long a lockout lasts.

use std::time::Duration;

/// The wait after a 503.
pub(crate) const UNAVAILABLE: Duration = Duration::from_secs(5);

/// Returns the value of the header. Rounds up to at least one second, so that no client retries too early.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::seconds;

    #[test]
    fn r77_retry_after_is_rounded_up() {
        for (millis, expected) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (59_001, 60), (60_000, 60)] {
            assert_eq!(seconds(Duration::from_millis(millis)), expected, "{millis}");
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
        assert_eq!(seconds(Duration::from_nanos(1)), 1);
    }
}
