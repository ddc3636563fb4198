//! The runtime line, spelled out: request to credential to identity to principal to decision.

mod auth_config;
pub(crate) mod check;
mod request_auth;

use std::marker::PhantomData;

use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

pub use self::auth_config::AuthConfig;
use self::check::Checks;
pub(crate) use self::request_auth::RequestAuth;
use crate::{
    authenticate::{Authentication, Principal},
    declared::SchemeSet,
    policy::{Access, Decision, EnforcementPoint, Operation, Requirement},
    respond::Rejection,
};

/// Lets a request in, or says why not: no credential that is looked at, no decision, stands anywhere else.
///
/// # Errors
/// The rejection, which was logged.
pub(crate) async fn admit<A: AuthConfig>(
    request: &Request,
    operation: &'static Operation<A>,
) -> Result<Admission<A>, Rejection> {
    let requirement = match operation.access() {
        Access::Public { .. } => return Ok(Admission::open(operation)),
        Access::Optional => None,
        Access::Required { requirement, .. } => Some(requirement),
    };
    let slot = RequestAuth::<A>::of(request)?;
    let point = slot.point(operation)?;
    let caller = match slot.authenticate(request, point).await {
        Authentication::Authenticated(principal) => Some(principal),
        Authentication::Anonymous if requirement.is_none() => None,
        Authentication::Anonymous => return Err(Rejection::anonymous(point)),
        Authentication::Refused(refusal) => return Err(Rejection::refused(point, &refusal, slot.throttled())),
    };
    if let (Some(requirement), Some(principal)) = (requirement, &caller) {
        // What only a `check` can tell is asked when the handler's arguments are there.
        decide(point, requirement, principal)?;
    }
    slot.remember(caller.as_ref(), point);
    Ok(Admission { point, caller })
}

fn decide<A: AuthConfig>(
    point: EnforcementPoint<A>,
    requirement: &Requirement<A>,
    principal: &Principal<A>,
) -> Result<(), Rejection> {
    match requirement.decide(principal) {
        Decision::Allow | Decision::NeedsCheck(_) => Ok(()),
        Decision::Deny(denial) => Err(Rejection::denied(point, principal, &denial)),
    }
}

/// A request that was let in as far as can be told without its arguments.
pub(crate) struct Admission<A: AuthConfig> {
    point: EnforcementPoint<A>,
    caller: Option<Principal<A>>,
}

impl<A: AuthConfig> Admission<A> {
    /// Everybody, and nobody in particular.
    fn open(operation: &'static Operation<A>) -> Self {
        Self { point: EnforcementPoint { operation, accepted: SchemeSet::EMPTY }, caller: None }
    }
}

/// The rule of one operation, as a type; the macros implement it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a rule; put `#[protected]` on the impl block or the handler")]
pub trait Rule: Send + Sync + 'static {
    /// Who vouches for callers.
    type Auth: AuthConfig;
    /// Who may call.
    const OPERATION: &'static Operation<Self::Auth>;
}

/// First argument of every operation that the macros generate: it is there if the caller was let in.
pub struct Guard<R: Rule> {
    admission: Admission<R::Auth>,
    rule: PhantomData<R>,
}

impl<R: Rule> Guard<R> {
    /// The checks that the rule leaves to ask, now that the arguments are there.
    #[must_use]
    pub fn checks(&self) -> Checks<'_, R::Auth> {
        Checks::new(self.admission.point, self.admission.caller.as_ref())
    }
}

/// In an OpenAPI operation it stands as a security scheme; `service.rs` puts the real ones in the document.
impl<'a, R: Rule> ApiExtractor<'a> for Guard<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![R::OPERATION.place()]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> Result<Self> {
        let admission = admit(request, R::OPERATION).await.map_err(Rejection::into_error)?;
        Ok(Self { admission, rule: PhantomData })
    }
}

/// The same for a plain Poem handler.
pub struct HandlerGuard<R: Rule>(Guard<R>);

impl<R: Rule> HandlerGuard<R> {
    /// The checks that the rule leaves to ask.
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
