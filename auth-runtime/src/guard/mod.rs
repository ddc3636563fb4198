//! The runtime line, spelled out: request to credential to identity to principal to decision.

mod auth_config;
mod check;
mod request_auth;
mod require;

use std::marker::PhantomData;

use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::{
    authenticate::{Authentication, Principal},
    declared::SchemeSet,
    event::{self, Watch},
    policy::{Access, Decision, EnforcementPoint, Facts, Operation, RuleWatch},
    respond::{DenialCause, Rejection},
};

pub(crate) use self::request_auth::RequestAuth;
pub use self::{
    auth_config::AuthConfig,
    check::{Asking, Check, CheckResult, Checks},
};

/// Lets a request in, or returns the rejection. Credentials are read and decisions are made nowhere else.
pub(crate) async fn admit<A: AuthConfig>(
    request: &Request,
    operation: &'static Operation<A>,
) -> Result<Admission<A>, Rejection> {
    note_unlisted(request, operation);
    if let Access::Public { .. } = operation.access() {
        return Ok(Admission::public(operation));
    }
    let auth = RequestAuth::<A>::of(request)?;
    let watch = auth.watch();
    let point = auth.point(operation);
    if !operation.is_optional() && point.accepted.is_empty() {
        return Err(auth.denied(point, &DenialCause::NoScheme, watch));
    }
    let caller = match auth.authenticate(request, point).await {
        Authentication::Authenticated(principal) => Some(principal),
        Authentication::Anonymous if operation.is_optional() => None,
        Authentication::Anonymous => return Err(auth.denied(point, &DenialCause::NoCredential, watch)),
        Authentication::Refused(refusal) => return Err(auth.denied(point, &DenialCause::Refused(&refusal), watch)),
    };
    match decide(operation, caller.as_ref()) {
        Decision::Deny(denial) => {
            return Err(auth.denied(point, &DenialCause::of_denial(caller.as_ref(), &denial), watch));
        }
        // A check needs the handler's arguments, so `Checks` decides.
        Decision::NeedsCheck(_) => {}
        Decision::Allow => auth.allowed(point, caller.as_ref(), watch),
    }
    auth.admit(caller.as_ref(), point);
    Ok(Admission { auth: Some(auth.clone()), point, caller, watch })
}

/// Logs a rule that the written policy does not list, once.
fn note_unlisted<A: AuthConfig>(request: &Request, operation: &'static Operation<A>) {
    if let Some(watch) = request.extensions().get::<RuleWatch>()
        && watch.meets_unlisted(operation)
    {
        event::unlisted(operation);
    }
}

/// Decides on what the head of a request says.
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
pub(crate) struct Admission<A: AuthConfig> {
    /// None where the operation is public.
    auth: Option<RequestAuth<A>>,
    point: EnforcementPoint<A>,
    caller: Option<Principal<A>>,
    watch: Watch,
}

impl<A: AuthConfig> Admission<A> {
    fn public(operation: &'static Operation<A>) -> Self {
        let point = EnforcementPoint { operation, accepted: SchemeSet::EMPTY };
        Self { auth: None, point, caller: None, watch: Watch::start(None) }
    }

    /// Returns the caller that the rule let in; `None` for an anonymous one.
    #[cfg(feature = "mcp")]
    pub(crate) const fn caller(&self) -> Option<&Principal<A>> {
        self.caller.as_ref()
    }

    /// Returns the checks of the rule, which need the arguments.
    pub(crate) fn checks(&self) -> Checks<'_, A> {
        Checks::new(self.auth.as_ref(), self.point, self.caller.as_ref(), self.watch)
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
    admission: Admission<R::Auth>,
    rule: PhantomData<R>,
}

impl<R: Rule> Guard<R> {
    /// Returns the checks of the rule, which need the arguments.
    #[must_use]
    pub fn checks(&self) -> Checks<'_, R::Auth> {
        self.admission.checks()
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

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let admission = admit(request, R::OPERATION).await.map_err(Rejection::into_error)?;
        Ok(Self { admission, rule: PhantomData })
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
}

impl<'a, R: Rule> FromRequest<'a> for HandlerGuard<R> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Guard::from_request(request, body, ExtractParamOptions::default()).await.map(Self)
    }
}
