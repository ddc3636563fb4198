//! The trait behind `derive(Auth)`, run-time half: the authenticators of the declared schemes.

use std::future::Future;

use poem::Request;

use crate::{
    authenticate::{Authentication, Identity},
    credential::OnlyCredential,
    declared::{AuthSchema, SchemeSet},
    event::EventSink,
    respond::{Rejection, RejectionBody},
};

/// An authentication configuration: the authenticators of the schemes that an [`AuthSchema`] declares.
///
/// Derive it: `#[derive(Auth)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no security schemes",
    label = "does not derive `Auth`",
    note = "put `#[derive(Auth, Clone)]` on `{Self}`, and `#[scheme(..)]` on its fields"
)]
pub trait AuthConfig: AuthSchema + Send + Sync {
    /// Clones the configuration.
    ///
    /// Not a supertrait: a struct without `Clone` is then one error at the struct, and none at its operations.
    #[doc(hidden)]
    #[must_use]
    fn cloned(&self) -> Self;

    /// Returns the schemes whose authenticators are configured. The result must stay the same.
    fn configured(&self) -> SchemeSet;

    /// Returns the configured schemes whose authenticators limit the rate of attempts.
    fn throttled(&self) -> SchemeSet;

    /// Tells each authenticator its scheme. It is called once, when the configuration is mounted.
    #[doc(hidden)]
    fn mounted(&self);

    /// Returns what receives the access events, besides the log.
    fn event_sink(&self) -> Option<&dyn EventSink> {
        None
    }

    /// Returns the schemes whose authenticators cache credentials by their text (default: none). It is called once,
    /// when the configuration is mounted.
    #[doc(hidden)]
    fn caching(&self) -> SchemeSet {
        SchemeSet::EMPTY
    }

    /// Returns the identity of the only credential of a request, if it was verified before (default: none).
    ///
    /// It must return the identity of the caller that [`authenticate`](Self::authenticate) would return, or none.
    #[doc(hidden)]
    fn cached(&self, only: &OnlyCredential<'_>, request: &Request) -> Option<Identity> {
        let _ = (only, request);
        None
    }

    /// Looks for credentials of the wanted schemes and verifies the one it finds.
    ///
    /// The accepted schemes include those of other credentials that the rule needs.
    fn authenticate(
        &self,
        request: &Request,
        accepted: SchemeSet,
        wanted: SchemeSet,
    ) -> impl Future<Output = Authentication<Self>> + Send;

    /// Returns the body of the response to a rejected request.
    #[must_use]
    fn rejection_body(rejection: &Rejection) -> RejectionBody {
        RejectionBody::problem(rejection)
    }
}
