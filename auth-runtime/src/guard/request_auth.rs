//! What one request carries along the line: who authenticates, who was let in, and who that is to the application.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use poem::{Request, Result};

use crate::{
    authenticate::{Authentication, Principal},
    declared::SchemeSet,
    guard::AuthConfig,
    policy::EnforcementPoint,
    policy::{Access, Operation},
    respond::Rejection,
};

/// Shared by all rules and extractors of one request. Only a rule that let the caller in fills it.
pub(crate) struct RequestAuth<A: 'static>(Arc<RequestState<A>>);

struct RequestState<A: 'static> {
    auth: Arc<A>,
    admitted: OnceLock<(Option<Principal<A>>, EnforcementPoint<A>)>,
    users: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

impl<A> Clone for RequestAuth<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: AuthConfig> RequestAuth<A> {
    pub(crate) fn new(auth: Arc<A>) -> Self {
        Self(Arc::new(RequestState { auth, admitted: OnceLock::new(), users: Mutex::default() }))
    }

    pub(crate) fn of(request: &Request) -> Result<&Self, Rejection> {
        request.extensions().get().ok_or_else(Rejection::no_auth::<A>)
    }

    /// Who was let in.
    pub(crate) fn principal(&self) -> Option<&Principal<A>> {
        self.admitted().and_then(|(principal, _)| principal)
    }

    /// Who was let in, if it is anybody in particular, and where.
    pub(crate) fn admitted(&self) -> Option<(Option<&Principal<A>>, EnforcementPoint<A>)> {
        self.0.admitted.get().map(|(principal, point)| (principal.as_ref(), *point))
    }

    /// The schemes that count for an operation: those of its rule that are configured.
    pub(crate) fn point(&self, operation: &'static Operation<A>) -> Result<EnforcementPoint<A>, Rejection> {
        let point =
            EnforcementPoint { operation, accepted: operation.schemes().intersection(self.0.auth.configured()) };
        let nobody_could = point.accepted.is_empty() && !matches!(operation.access(), Access::Optional);
        if nobody_could { Err(Rejection::no_scheme(point)) } else { Ok(point) }
    }

    /// The schemes that bound how much is tried.
    pub(crate) fn throttled(&self) -> SchemeSet {
        self.0.auth.throttled()
    }

    /// Who calls: known from a rule further out, or told by the credentials.
    pub(crate) async fn authenticate(&self, request: &Request, point: EnforcementPoint<A>) -> Authentication<A> {
        match self.principal() {
            Some(principal) if point.accepted.contains(principal.scheme_index()) => {
                Authentication::Authenticated(principal.clone())
            }
            Some(_) => Authentication::Anonymous,
            None => self.0.auth.authenticate(request, point.accepted).await,
        }
    }

    pub(crate) fn remember(&self, caller: Option<&Principal<A>>, point: EnforcementPoint<A>) {
        let is_first = self.0.admitted.set((caller.cloned(), point)).is_ok();
        if let (true, Some(caller)) = (is_first, caller) {
            tracing::debug!(
                scheme = caller.scheme(),
                issuer = ?caller.issuer(),
                subject = ?caller.subject(),
                "authenticated"
            );
        }
    }

    /// The user of this type that was loaded for this request.
    pub(crate) fn user<U: Send + Sync + 'static>(&self) -> Option<Arc<U>> {
        let users = self.0.users.lock().unwrap_or_else(PoisonError::into_inner);
        let found = users.iter().find(|(id, _)| *id == TypeId::of::<U>())?;
        Arc::clone(&found.1).downcast().ok()
    }

    pub(crate) fn remember_user<U: Send + Sync + 'static>(&self, user: &Arc<U>) {
        let user: Arc<dyn Any + Send + Sync> = user.clone();
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner).push((TypeId::of::<U>(), user));
    }
}
