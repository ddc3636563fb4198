//! The waits in `Retry-After`. `throttle` computes how long a lockout lasts.

use std::time::Duration;

pub(crate) use crate::authenticate::retry_after_seconds as seconds;

/// The wait after a 503.
pub(crate) const UNAVAILABLE: Duration = Duration::from_secs(5);
