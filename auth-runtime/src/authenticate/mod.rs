//! Second step: credential to identity. It reads only the credential and the client address from the request.

mod authenticator;
#[cfg(any(feature = "_jwt", feature = "api-key", feature = "basic"))]
mod bounded_cache;
mod context;
mod error;
mod identity;
#[cfg(any(feature = "api-key", feature = "basic"))]
mod identity_cache;
mod outcome;
mod overrides;
mod principal;
mod retry_after;
#[cfg(any(feature = "api-key", feature = "basic"))]
mod secret_mac;
mod sign_in_details;
#[cfg(feature = "testing")]
mod test_caller;
#[cfg(test)]
mod tests;
mod user_info;

pub use authenticator::Authenticator;
#[cfg(any(feature = "_jwt", feature = "api-key", feature = "basic"))]
pub(crate) use bounded_cache::{BoundedCache, bounded_cache};
pub use context::Context;
pub use error::{AuthenticationError, Unavailable};
pub use identity::{Identity, IdentityBuilder};
pub(crate) use identity::{contains, scopes};
#[cfg(any(feature = "api-key", feature = "basic"))]
pub(crate) use identity_cache::IdentityCache;
pub(crate) use outcome::RefusalKind;
pub use outcome::{Authentication, Refusal, RefusalCause, SchemeErrors};
pub use overrides::PermissionOverrides;
pub use principal::Principal;
pub use retry_after::retry_after_seconds;
#[cfg(any(feature = "api-key", feature = "basic"))]
pub(crate) use secret_mac::MacKey;
#[cfg(feature = "basic")]
pub(crate) use secret_mac::SecretMac;
pub use sign_in_details::SignInDetails;
#[cfg(feature = "testing")]
pub(crate) use test_caller::ActingAs;
#[cfg(feature = "testing")]
pub use test_caller::TestCaller;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub(crate) use user_info::OnDemand;
pub use user_info::{LoadingUserInfo, UserInfo, UserInfoError, UserInfoSource};
