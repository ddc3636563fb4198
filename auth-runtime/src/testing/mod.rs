//! Callers for the tests of an application, and the tests of its policy.
//!
//! [`principal`] makes a caller for a test that calls a method. The rest needs the feature `testing`:
//!
//! ```toml
//! [dev-dependencies]
//! auth-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! [`ActAs`] sends requests to a service as callers that a test chooses. It replaces only authentication: the rules
//! decide as they do for real credentials.
//!
//! [`AccessTests`] generates a test for each operation and kind of caller of a policy, and runs them against the
//! service.
//!
//! The feature does not weaken a service. A chosen caller is a value in the extensions of a request, in memory. It
//! cannot be sent in a header, and only the functions of this module can put it into a request. So a service that was
//! built with the feature still authenticates every request from the network.

#[cfg(feature = "testing")]
mod access_tests;
#[cfg(feature = "testing")]
mod act_as;
#[cfg(feature = "testing")]
mod arguments;
#[cfg(feature = "testing")]
mod example;
#[cfg(feature = "testing")]
mod form;
#[cfg(feature = "testing")]
mod judge;
#[cfg(feature = "testing")]
mod plan;
mod principal;
#[cfg(feature = "testing")]
mod refused;
#[cfg(feature = "testing")]
mod report;
#[cfg(feature = "testing")]
mod test_request;

pub use self::principal::principal;
#[cfg(feature = "testing")]
pub use self::{
    access_tests::AccessTests,
    act_as::{ActAs, ActingClient},
    refused::{RefusedCredential, RefusedCredentials},
    report::AccessReport,
    test_request::TestRequest,
};
#[cfg(feature = "testing")]
pub use crate::authenticate::TestCaller;
