//! The access event: one record of each decision. Only this module logs, counts and passes on decisions.
//!
//! Each decision becomes one [`AccessEvent`]; a request to a public operation has none, and
//! [`require`](crate::authenticate::Principal::require) only a denial. The event is logged through
//! `tracing`, counted through the `metrics` facade where the feature `metrics` is on, and passed to the [`EventSink`]
//! of the application.
//!
//! | level | message | when |
//! |---|---|---|
//! | `DEBUG` | `request allowed` | the caller was let in |
//! | `INFO` | `request denied` | no credential was sent |
//! | `WARN` | `request denied` | the credential or the attempt was rejected, a backend was unavailable, or the caller does not meet the rule |
//! | `ERROR` | `request denied` | none of the schemes that the rule accepts is configured |
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `auth_decisions_total` | counter | `operation`, `scheme`, `outcome` |
//! | `auth_decision_duration_seconds` | histogram | `outcome` |
//!
//! `operation` and `scheme` come from the declarations of the application, and `outcome` is `allowed` or a
//! [`RejectionCode`]. So the number of series is bounded. No event holds a credential, a path or a query.

#[cfg(feature = "testing")]
mod probe;
mod record;
mod sink;

#[cfg(feature = "testing")]
pub(crate) use self::probe::with_denials;
pub(crate) use self::record::{Watch, allowed, denied, no_auth, no_rule, unlisted};
pub use self::sink::{AccessEvent, AccessOutcome, EventSink};

#[cfg(doc)]
use crate::respond::RejectionCode;
