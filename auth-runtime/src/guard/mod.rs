//! The steps of a request: credential, identity, principal, decision.

mod auth_config;
mod check;
mod extractor;
mod mounted_auth;
mod request_auth;
mod require;
mod rules;

use poem::Request;

use self::check::PendingChecks;
pub use self::{
    auth_config::AuthConfig,
    check::{Asking, Check, CheckResult, Checks},
    extractor::{Guard, HandlerGuard, PublicGuard, Rule},
    rules::{RuleAt, Rules},
};
pub(crate) use self::{check::Undecided, mounted_auth::MountedAuth, request_auth::RequestAuth};
#[cfg(feature = "mcp")]
use crate::authenticate::Refusal;
use crate::{
    authenticate::{Authentication, Principal},
    event::{self, Watch},
    policy::{Access, CheckAnswers, Decision, EnforcementPoint, Operation, RuleWatch},
    respond::{DenialCause, Rejection},
};

/// Lets a request in, or returns the rejection.
pub(crate) async fn admit<'a, A: AuthConfig>(
    request: &'a Request,
    operation: &'static Operation<A>,
) -> Result<Admission<'a, A>, Rejection> {
    match arrive(request, operation)? {
        Arrival::Admitted(admission) => Ok(admission),
        Arrival::Unknown(arrived) => Box::pin(arrived.authenticated(request)).await,
    }
}

/// The part of [`admit`] that never waits: it lets in callers of public operations, and callers whose credential is
/// cached.
#[inline]
fn arrive<'a, A: AuthConfig>(
    request: &'a Request,
    operation: &'static Operation<A>,
) -> Result<Arrival<'a, A>, Rejection> {
    note_unlisted(request, operation);
    if let Access::Public { .. } = operation.access() {
        return Ok(Arrival::Admitted(Admission::public()));
    }
    let auth = RequestAuth::<A>::of(request)?;
    let mounted = auth.mounted();
    let arrived = Arrived { auth, point: mounted.point(operation, request), watch: mounted.watch() };
    if !operation.is_optional() && arrived.point.accepted.is_empty() {
        return Err(arrived.denied(&DenialCause::NoScheme));
    }
    match auth.cached(request, arrived.point) {
        Some(principal) => arrived.decided(Some(principal), None).map(Arrival::Admitted),
        None => Ok(Arrival::Unknown(arrived)),
    }
}

/// The result of [`arrive`].
enum Arrival<'a, A: 'static> {
    Admitted(Admission<'a, A>),
    /// The credential must be verified.
    Unknown(Arrived<'a, A>),
}

/// A request at a rule.
struct Arrived<'a, A: 'static> {
    auth: &'a RequestAuth<A>,
    point: EnforcementPoint<A>,
    watch: Watch,
}

impl<'a, A: AuthConfig> Arrived<'a, A> {
    /// Authenticates the request, and decides.
    async fn authenticated(mut self, request: &'a Request) -> Result<Admission<'a, A>, Rejection> {
        let authentication;
        (self.point, authentication) = self.auth.authenticate(request, self.point).await;
        let operation = self.point.operation;
        let ended_cookie = ended_cookie::<A>(&authentication);
        let caller = match authentication {
            Authentication::Authenticated(principal) => Some(principal),
            Authentication::Anonymous if operation.is_optional() => None,
            Authentication::Refused(refusal) if operation.is_optional() && refusal.is_signed_out() => None,
            Authentication::Anonymous => return Err(self.denied(&DenialCause::NoCredential)),
            Authentication::Refused(refusal) => return Err(self.denied(&DenialCause::Refused(&refusal))),
        };
        self.decided(caller, ended_cookie)
    }

    /// Decides, and reports the decision unless a check is left.
    #[inline]
    fn decided(
        self,
        caller: Option<Principal<A>>,
        ended_cookie: Option<&'static str>,
    ) -> Result<Admission<'a, A>, Rejection> {
        let Self { auth, point, watch } = self;
        let mounted = auth.mounted();
        let pending: Option<Box<dyn Undecided>> = match decide(point.operation, caller.as_ref()) {
            Decision::Deny(denial) => return Err(self.denied(&DenialCause::of_denial(caller.as_ref(), &denial))),
            Decision::NeedsCheck(_) => Some(Box::new(PendingChecks::new(mounted, point, caller.as_ref(), watch))),
            Decision::Allow => {
                mounted.allowed(point, caller.as_ref(), watch);
                None
            }
        };
        Ok(Admission { place: Some((auth, point)), caller, pending, ended_cookie })
    }

    fn denied(&self, cause: &DenialCause<'_, A>) -> Rejection {
        self.auth.mounted().denied(self.point, cause, self.watch)
    }
}

/// Authenticates the credentials that an operation needs, and decides nothing: the refusal is not reported.
#[cfg(feature = "mcp")]
pub(crate) async fn identify<A: AuthConfig>(
    request: &Request,
    operation: &'static Operation<A>,
) -> Result<Authentication<A>, Rejection> {
    let auth = RequestAuth::<A>::of(request)?;
    let (_, authentication) = auth.authenticate(request, auth.mounted().point(operation, request)).await;
    Ok(authentication)
}

/// Reports that the credentials which an operation needs were refused, and returns the response.
#[cfg(feature = "mcp")]
pub(crate) fn refused<A: AuthConfig>(
    request: &Request,
    operation: &'static Operation<A>,
    refusal: &Refusal,
) -> Rejection {
    match RequestAuth::<A>::of(request) {
        Ok(auth) => {
            let mounted = auth.mounted();
            mounted.denied(mounted.point(operation, request), &DenialCause::Refused(refusal), mounted.watch())
        }
        Err(rejection) => rejection,
    }
}

/// Returns the name of the cookie, if the caller's session has ended.
fn ended_cookie<A: AuthConfig>(authentication: &Authentication<A>) -> Option<&'static str> {
    match authentication {
        Authentication::Refused(refusal) => refusal.ended_cookie(A::SCHEMES),
        Authentication::Anonymous | Authentication::Authenticated(_) => None,
    }
}

/// Logs a rule that the written policy does not list, once.
fn note_unlisted<A: AuthConfig>(request: &Request, operation: &'static Operation<A>) {
    if let Some(watch) = request.extensions().get::<RuleWatch>()
        && watch.meets_unlisted(operation)
    {
        event::unlisted(operation);
    }
}

/// Decides on the head of a request.
fn decide<A: AuthConfig>(operation: &Operation<A>, caller: Option<&Principal<A>>) -> Decision<A> {
    match (operation.requirement(), caller) {
        (Some(requirement), Some(caller)) => requirement.decide(caller, CheckAnswers::NONE),
        (Some(requirement), None) => requirement.decide_anonymous(CheckAnswers::NONE),
        (None, _) => Decision::Allow,
    }
}

/// A request that was let in as far as its head can decide.
#[must_use = "the extractors have the caller after `keep`"]
pub(crate) struct Admission<'a, A: 'static> {
    /// The state of the request and the place of the rule; `None` for a public operation.
    place: Option<(&'a RequestAuth<A>, EnforcementPoint<A>)>,
    caller: Option<Principal<A>>,
    /// Boxed, because the future of an operation is copied. `None` if no check is left.
    pending: Option<Box<dyn Undecided>>,
    /// The cookie of a session that has ended. The caller is anonymous.
    ended_cookie: Option<&'static str>,
}

impl<A: AuthConfig> Admission<'_, A> {
    const fn public() -> Self {
        Self { place: None, caller: None, pending: None, ended_cookie: None }
    }

    /// Keeps the caller for the extractors.
    #[inline]
    pub(crate) fn keep(&mut self) {
        if let Some((auth, point)) = self.place.take() {
            auth.admit(self.caller.take(), point);
        }
    }

    /// Returns the caller that the rule let in, or `None` for an anonymous one, and the checks that are left.
    #[cfg(feature = "mcp")]
    pub(crate) fn into_parts(self) -> (Option<Principal<A>>, Option<Box<dyn Undecided>>) {
        (self.caller, self.pending)
    }

    /// Returns the name of the cookie of an ended session, which the response deletes.
    pub(crate) const fn ended_cookie(&self) -> Option<&'static str> {
        self.ended_cookie
    }
}
