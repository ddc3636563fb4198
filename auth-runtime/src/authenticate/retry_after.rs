//! Rounds a wait to whole seconds, for `Retry-After` (RFC 9110, section 10.2.3) and for messages.

use std::time::Duration;

/// Returns a wait in whole seconds, rounded up to at least one, so that no client retries too early.
///
/// ```
/// use std::time::Duration;
/// use auth_runtime::authenticate::retry_after_seconds;
///
/// assert_eq!(retry_after_seconds(Duration::from_secs(60)), 60);
/// assert_eq!(retry_after_seconds(Duration::from_millis(60_001)), 61);
/// assert_eq!(retry_after_seconds(Duration::ZERO), 1);
/// ```
#[must_use]
pub fn retry_after_seconds(wait: Duration) -> u64 {
    wait.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::retry_after_seconds;
    use crate::authenticate::AuthenticationError;

    #[test]
    fn r77_retry_after_is_rounded_up() {
        for (millis, expected) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (59_001, 60), (60_000, 60)] {
            let wait = Duration::from_millis(millis);
            assert_eq!(retry_after_seconds(wait), expected, "{millis}");
            let message = format!("too many attempts; try again in {expected} s");
            assert_eq!(AuthenticationError::throttled(wait).to_string(), message, "{millis}");
        }
        assert_eq!(retry_after_seconds(Duration::MAX), u64::MAX);
        assert_eq!(retry_after_seconds(Duration::from_nanos(1)), 1);
    }
}
