//! Protected Poem handlers, for listing in a policy.

use crate::{declared::AuthSchema, policy::Operation};

/// A Poem handler with a rule; `#[protected]` above `#[handler]` implements it.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// use auth_runtime::mount::ProtectedHandler;
/// use poem::handler;
///
/// #[protected]
/// #[handler]
/// fn status() -> &'static str {
///     "fine"
/// }
///
/// assert!(status.operation().name().ends_with("::status"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protected handler",
    label = "it has no rule",
    note = "put `#[protected]` above `#[handler]` on the function"
)]
pub trait ProtectedHandler {
    /// The `Auth` that authenticates callers.
    type Auth: AuthSchema;

    /// Returns the handler with its access rule.
    fn operation(&self) -> &'static Operation<Self::Auth>;
}
