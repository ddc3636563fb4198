//! Times in the database: whole seconds since 1970.

use std::time::{Duration, SystemTime};

pub(crate) fn seconds(time: SystemTime) -> i64 {
    i64::try_from(since_1970(time).as_secs()).unwrap_or(i64::MAX)
}

/// Converts the seconds of a column.
pub(crate) fn time(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

pub(crate) fn now() -> i64 {
    seconds(SystemTime::now())
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
