//! Makes a caller for a test that calls a handler or a method.

use crate::{
    authenticate::{Context, IdentityBuilder, Principal},
    guard::AuthConfig,
};

/// Returns a caller of the first scheme of `A`, for a test that calls a handler or a method.
///
/// See [`Principal`] for an example.
#[must_use]
pub fn principal<A: AuthConfig>(
    issuer: &str,
    subject: &str,
    describe: impl FnOnce(IdentityBuilder) -> IdentityBuilder,
) -> Principal<A> {
    Principal::new(describe(Context::of::<A>().identity(issuer, subject)).build(), 0)
}
