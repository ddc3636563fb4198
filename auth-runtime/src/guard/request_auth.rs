//! State of one request: the `Auth`, the caller that a rule let in, and the users that the application loaded.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use poem::{Request, Result};

use super::AuthConfig;
use crate::{
    authenticate::{Authentication, Principal},
    event::{self, Watch},
    policy::{EnforcementPoint, Operation},
    respond::{DenialCause, Rejection, RejectionCode},
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

    /// Returns the state that `.with(auth)` put into the request.
    pub(crate) fn of(request: &Request) -> Result<&Self, Rejection> {
        request.extensions().get().ok_or_else(|| {
            event::no_auth::<A>();
            Rejection::with_code(RejectionCode::Misconfigured).with_body(A::rejection_body)
        })
    }

    /// Returns the caller that a rule let in.
    pub(crate) fn principal(&self) -> Option<&Principal<A>> {
        self.admitted().and_then(|(principal, _)| principal)
    }

    /// Returns the caller that a rule let in, or `None` for an anonymous one, and the place of the rule.
    pub(crate) fn admitted(&self) -> Option<(Option<&Principal<A>>, EnforcementPoint<A>)> {
        self.0.admitted.get().map(|(principal, point)| (principal.as_ref(), *point))
    }

    /// Returns the schemes that count for an operation: those of its rule that are configured.
    pub(super) fn point(&self, operation: &'static Operation<A>) -> EnforcementPoint<A> {
        EnforcementPoint { operation, accepted: operation.schemes().intersection(self.0.auth.configured()) }
    }

    /// Returns the caller that an outer rule let in, or authenticates the request.
    pub(super) async fn authenticate(&self, request: &Request, point: EnforcementPoint<A>) -> Authentication<A> {
        match self.principal() {
            Some(principal) if point.accepted.contains(principal.scheme_index()) => {
                Authentication::Authenticated(principal.clone())
            }
            Some(_) => Authentication::Anonymous,
            None => match self.0.auth.authenticate(request, point.accepted).await {
                Authentication::Authenticated(principal) => {
                    Authentication::Authenticated(principal.authenticated_by(Arc::clone(&self.0.auth)))
                }
                other => other,
            },
        }
    }

    /// Keeps the caller for the extractors. Of nested rules, the outermost one counts.
    pub(super) fn admit(&self, caller: Option<&Principal<A>>, point: EnforcementPoint<A>) {
        let _ = self.0.admitted.set((caller.cloned(), point));
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch::start(self.0.auth.event_sink())
    }

    /// Tells that the caller was let in.
    pub(super) fn allowed(&self, point: EnforcementPoint<A>, caller: Option<&Principal<A>>, watch: Watch) {
        event::allowed(point, caller, watch, self.0.auth.event_sink());
    }

    /// Tells that the request was not let in, and makes the response.
    pub(crate) fn denied(&self, point: EnforcementPoint<A>, cause: &DenialCause<'_, A>, watch: Watch) -> Rejection {
        event::denied(point, cause, watch, self.0.auth.event_sink());
        Self::rejection(point, cause)
    }

    /// Makes the response without an event.
    pub(crate) fn rejection(point: EnforcementPoint<A>, cause: &DenialCause<'_, A>) -> Rejection {
        Rejection::new(point, cause).with_body(A::rejection_body)
    }

    /// The user of this type that was loaded for this request.
    pub(crate) fn user<U: Send + Sync + 'static>(&self) -> Option<Arc<U>> {
        let users = self.0.users.lock().unwrap_or_else(PoisonError::into_inner);
        let found = users.iter().find(|(id, _)| *id == TypeId::of::<U>())?;
        Arc::clone(&found.1).downcast().ok()
    }

    pub(crate) fn keep_user<U: Send + Sync + 'static>(&self, user: &Arc<U>) {
        let user: Arc<dyn Any + Send + Sync> = user.clone();
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner).push((TypeId::of::<U>(), user));
    }
}
