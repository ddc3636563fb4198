//! What the commands do, by what they are about.

mod change;
pub(crate) mod database;
pub(crate) mod key;
pub(crate) mod names;
mod password;
pub(crate) mod user;

use std::time::{Duration, SystemTime};

use clap::Args;

/// Longer than any of it will be needed.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

/// For what cannot be undone.
#[derive(Debug, Args)]
struct Confirmation {
    /// Does not ask first, which it does otherwise
    #[arg(long, short)]
    yes: bool,
}

/// A time from now on, such as `7d` or `12h`.
fn lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| "it is not a time such as `7d` or `12h`".to_owned())?;
    match time {
        Duration::ZERO => Err("it is over at once".to_owned()),
        time if time > LONGEST => Err("it is more than a hundred years".to_owned()),
        time => Ok(time),
    }
}

/// When a time that begins now is over.
fn end_of(lifetime: Duration) -> SystemTime {
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
