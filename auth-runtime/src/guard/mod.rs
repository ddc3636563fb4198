//! The runtime line, spelled out: request to credential to identity to principal to decision.

mod auth_config;
mod check;
mod mounted_auth;
mod request_auth;
mod require;

use std::{future::Future, marker::PhantomData};

use futures_util::FutureExt;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use self::check::PendingChecks;
pub use self::{
    auth_config::AuthConfig,
    check::{Asking, Check, CheckResult, Checks},
};
pub(crate) use self::{mounted_auth::MountedAuth, request_auth::RequestAuth};
use crate::{
    authenticate::{Authentication, Principal},
    event,
    policy::{Access, Decision, Facts, Operation, RuleWatch},
    respond::{DenialCause, Guarded, Rejection},
};

/// Lets a request in, or returns the rejection. Credentials are read and decisions are made nowhere else.
pub(crate) async fn admit<A: AuthConfig>(
    request: &Request,
    operation: &'static Operation<A>,
) -> Result<Admission<A>, Rejection> {
    note_unlisted(request, operation);
    if let Access::Public { .. } = operation.access() {
        return Ok(Admission::public());
    }
    let auth = RequestAuth::<A>::of(request)?;
    let mounted = auth.mounted();
    let watch = mounted.watch();
    let point = mounted.point(operation, request);
    if !operation.is_optional() && point.accepted.is_empty() {
        return Err(mounted.denied(point, &DenialCause::NoScheme, watch));
    }
    let (point, authentication) = auth.authenticate(request, point).await;
    let ended_cookie = ended_cookie::<A>(&authentication);
    let caller = match authentication {
        Authentication::Authenticated(principal) => Some(principal),
        Authentication::Anonymous if operation.is_optional() => None,
        Authentication::Refused(refusal) if operation.is_optional() && refusal.is_signed_out() => None,
        Authentication::Anonymous => return Err(mounted.denied(point, &DenialCause::NoCredential, watch)),
        Authentication::Refused(refusal) => return Err(mounted.denied(point, &DenialCause::Refused(&refusal), watch)),
    };
    let pending = match decide(operation, caller.as_ref()) {
        Decision::Deny(denial) => {
            return Err(mounted.denied(point, &DenialCause::of_denial(caller.as_ref(), &denial), watch));
        }
        Decision::NeedsCheck(_) => Some(Box::new(PendingChecks::new(mounted, point, caller.as_ref(), watch))),
        Decision::Allow => {
            mounted.allowed(point, caller.as_ref(), watch);
            None
        }
    };
    let admission = Admission {
        #[cfg(feature = "mcp")]
        caller: caller.clone(),
        pending,
        ended_cookie,
    };
    auth.admit(caller, point);
    Ok(admission)
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
        (Some(requirement), Some(caller)) => requirement.decide(caller),
        (Some(requirement), None) => requirement.decide_anonymous(&NoChecks),
        (None, _) => Decision::Allow,
    }
}

/// The facts before any check ran.
struct NoChecks;

impl<A> Facts<A> for NoChecks {}

/// A request that was let in as far as its head can decide.
pub(crate) struct Admission<A: 'static> {
    #[cfg(feature = "mcp")]
    caller: Option<Principal<A>>,
    /// Boxed, because the future of an operation is copied. `None` if no check is left.
    pending: Option<Box<PendingChecks<A>>>,
    /// The cookie of a session that has ended. The caller is anonymous.
    ended_cookie: Option<&'static str>,
}

impl<A: AuthConfig> Admission<A> {
    const fn public() -> Self {
        Self {
            #[cfg(feature = "mcp")]
            caller: None,
            pending: None,
            ended_cookie: None,
        }
    }

    /// Returns the caller that the rule let in; `None` for an anonymous one.
    #[cfg(feature = "mcp")]
    pub(crate) const fn caller(&self) -> Option<&Principal<A>> {
        self.caller.as_ref()
    }

    /// Returns the name of the cookie of an ended session, which the response deletes.
    pub(crate) const fn ended_cookie(&self) -> Option<&'static str> {
        self.ended_cookie
    }

    /// Returns the checks of the rule, which need the arguments.
    #[cfg(feature = "mcp")]
    pub(crate) fn checks(&self) -> Checks<'_, A> {
        Checks::new(self.pending.as_deref())
    }
}

/// The rule of one operation, as a type; the macros implement it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a rule; put `#[protected]` on the impl block or the handler")]
pub trait Rule: Send + Sync + 'static {
    /// The `Auth` that authenticates callers.
    type Auth: AuthConfig;
    /// The operation, with its access rule.
    const OPERATION: &'static Operation<Self::Auth>;
}

/// First argument of every operation that the macros generate. It can be extracted if the caller is let in.
pub struct Guard<R: Rule> {
    pending: Option<Box<PendingChecks<R::Auth>>>,
    ended_cookie: Option<&'static str>,
    rule: PhantomData<R>,
}

impl<R: Rule> Guard<R> {
    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_, R::Auth> {
        Checks::new(self.pending.as_deref())
    }

    /// Returns the response of an optional operation. It deletes the cookie of a session that has ended.
    #[must_use]
    pub fn answered<T>(&self, response: T) -> Guarded<T> {
        match self.ended_cookie {
            Some(cookie) => Guarded::SignedOut(response, cookie),
            None => Guarded::Answered(response),
        }
    }
}

/// In an OpenAPI operation it stands as a security scheme; `mount/openapi` puts the real ones into the document.
impl<'a, R: Rule> ApiExtractor<'a> for Guard<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![R::OPERATION.id()]
    }

    /// Not an async function, whose state would hold the options, to be copied with it.
    fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> impl Future<Output = Result<Self>> + Send {
        let guard = |Admission { pending, ended_cookie, .. }: Admission<R::Auth>| Self {
            pending,
            ended_cookie,
            rule: PhantomData,
        };
        admit(request, R::OPERATION).map(move |admission| admission.map(guard).map_err(Rejection::into_error))
    }
}

/// First argument of a plain Poem handler that the macros generate.
pub struct HandlerGuard<R: Rule>(Guard<R>);

impl<R: Rule> HandlerGuard<R> {
    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_, R::Auth> {
        self.0.checks()
    }

    /// Returns the response of an optional handler. It deletes the cookie of a session that has ended.
    #[must_use]
    pub fn answered<T>(&self, response: T) -> Guarded<T> {
        self.0.answered(response)
    }
}

impl<'a, R: Rule> FromRequest<'a> for HandlerGuard<R> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Guard::from_request(request, body, ExtractParamOptions::default()).await.map(Self)
    }
}
