//! Options that several commands share.

use std::time::{Duration, SystemTime};

use clap::Args;

/// Maximum lifetime.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

/// Confirmation of a command that revokes access.
#[derive(Debug, Args)]
pub(super) struct Confirmation {
    /// Skip the confirmation prompt
    #[arg(long, short)]
    pub(super) yes: bool,
}

/// Parses a duration, such as `7d` or `12h`.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| "not a duration such as `7d` or `12h`".to_owned())?;
    match time {
        Duration::ZERO => Err("the duration must be more than zero".to_owned()),
        time if time > LONGEST => Err("the duration must be at most 100 years".to_owned()),
        time => Ok(time),
    }
}

/// Returns the end of a lifetime that starts now.
pub(super) fn end_of(lifetime: Duration) -> SystemTime {
    SystemTime::now() + lifetime
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONGEST, end_of, lifetime};

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(lifetime("7d"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_mins(90)));
        for bad in ["", "0s", "7", "-7d", "d", "week", "101years", "99999999999999999999d"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
        assert!(end_of(LONGEST) > end_of(Duration::ZERO));
    }
}
