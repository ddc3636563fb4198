//! Callers for the tests of an application, and the tests of its policy.
//!
//! [`principal`] makes a caller for a test that calls a method. The rest needs the feature `testing`:
//!
//! ```toml
//! [dev-dependencies]
//! auth-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! [`ActAs`] sends requests to a service as callers that a test chooses. It replaces authentication and nothing else: the
//! rules decide as they do for real credentials.
//!
//! The feature adds, and relaxes nothing. A chosen caller is a value in the memory of the process, in the extensions of a
//! request. It has no text form, no header carries it, and only the functions of this module can put it into a request.
//! So a service that was built with the feature still authenticates every request that arrives from a network.

#[cfg(feature = "testing")]
mod act_as;
mod principal;

#[cfg(feature = "testing")]
pub use self::act_as::{ActAs, ActingClient};
pub use self::principal::principal;
#[cfg(feature = "testing")]
pub use crate::authenticate::TestCaller;
