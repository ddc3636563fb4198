//! State of one request: the `Auth`, the caller that a rule let in, and the users that the application loaded.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use poem::{Request, Result};

use super::{AuthConfig, mounted_auth::MountedAuth};
use crate::{
    authenticate::{Authentication, Principal},
    declared::SchemeSet,
    event,
    policy::EnforcementPoint,
    respond::{Rejection, RejectionCode},
};

/// The caller that a rule let in, or `None` for an anonymous one, and the place of the rule.
type Admitted<A> = (Option<Principal<A>>, EnforcementPoint<A>);
type LoadedUsers = Vec<(TypeId, Arc<dyn Any + Send + Sync>)>;

/// State of one request, for its rules and extractors. Only a rule that let the caller in fills it.
pub(crate) struct RequestAuth<A: 'static> {
    mounted: Arc<MountedAuth<A>>,
    found: Mutex<Found<A>>,
}

/// The results of a rule and of extractors.
struct Found<A: 'static> {
    admitted: Option<Admitted<A>>,
    users: LoadedUsers,
}

impl<A> RequestAuth<A> {
    #[inline]
    fn found(&self) -> MutexGuard<'_, Found<A>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Values of a request must be `Clone`. The copy has the same state, and does not share later changes.
impl<A> Clone for RequestAuth<A> {
    fn clone(&self) -> Self {
        let Found { admitted, users } = &*self.found();
        let found = Found { admitted: admitted.clone(), users: users.clone() };
        Self { mounted: Arc::clone(&self.mounted), found: Mutex::new(found) }
    }
}

impl<A: AuthConfig> RequestAuth<A> {
    /// Puts the state of a request into it, where its rules and extractors find it.
    pub(crate) fn put(mounted: &Arc<MountedAuth<A>>, request: &mut Request) {
        let found = Mutex::new(Found { admitted: None, users: Vec::new() });
        request.extensions_mut().insert(Self { mounted: Arc::clone(mounted), found });
    }

    /// Returns the state that `.with(auth)` put into the request.
    pub(crate) fn of(request: &Request) -> Result<&Self, Rejection> {
        request.extensions().get().ok_or_else(|| {
            event::no_auth::<A>();
            Rejection::with_code(RejectionCode::Misconfigured).with_body(A::rejection_body)
        })
    }

    /// Returns the mounted `Auth`.
    pub(crate) const fn mounted(&self) -> &Arc<MountedAuth<A>> {
        &self.mounted
    }

    /// Returns the caller that a rule let in, or `None` for an anonymous one, and the place of the rule.
    pub(crate) fn admitted(&self) -> Option<Admitted<A>> {
        self.found().admitted.clone()
    }

    /// Returns the caller of the only credential that the rule needs, if the credential was verified before and is
    /// cached.
    #[inline]
    pub(super) fn cached(&self, request: &Request, point: EnforcementPoint<A>) -> Option<Principal<A>> {
        if point.operation.credentials().len() != 1 || self.found().admitted.is_some() {
            return None;
        }
        self.mounted.cached(request, point.accepted)
    }

    /// Authenticates each credential that the rule needs, and returns the caller of the first one.
    ///
    /// A credential that is absent or refused ends it. The returned place then has the schemes of that credential
    /// alone, so that challenges name what is missing.
    pub(super) async fn authenticate(
        &self,
        request: &Request,
        point: EnforcementPoint<A>,
    ) -> (EnforcementPoint<A>, Authentication<A>) {
        if point.operation.credentials().len() == 1 {
            (point, self.authenticate_one(request, point, point.accepted).await)
        } else {
            // Boxed, so that the future of the usual rule stays small.
            Box::pin(self.authenticate_each(request, point)).await
        }
    }

    async fn authenticate_each(
        &self,
        request: &Request,
        point: EnforcementPoint<A>,
    ) -> (EnforcementPoint<A>, Authentication<A>) {
        let mut callers = Vec::new();
        for schemes in point.operation.credentials().iter() {
            let wanted = point.accepted.intersection(schemes);
            match self.authenticate_one(request, point, wanted).await {
                Authentication::Authenticated(caller) => callers.push(caller),
                other => return (EnforcementPoint { accepted: wanted, ..point }, other),
            }
        }
        (point, Principal::joined(callers).map_or(Authentication::Anonymous, Authentication::Authenticated))
    }

    /// Returns the caller that an outer rule let in, or authenticates the request.
    async fn authenticate_one(
        &self,
        request: &Request,
        point: EnforcementPoint<A>,
        wanted: SchemeSet,
    ) -> Authentication<A> {
        let known = self.admitted().and_then(|(principal, _)| principal);
        if let Some(caller) = known.as_ref().and_then(|known| known.by_one_of(wanted)) {
            return Authentication::Authenticated(caller.clone());
        }
        if known.is_some() && point.operation.credentials().len() == 1 {
            return Authentication::Anonymous;
        }
        self.mounted.authenticate(request, point.accepted, wanted).await
    }

    /// Keeps the caller for the extractors. Of nested rules, the outermost one counts.
    #[inline]
    pub(super) fn admit(&self, caller: Option<Principal<A>>, point: EnforcementPoint<A>) {
        let caller = caller.map(|caller| caller.with_silence(point.is_silent));
        self.found().admitted.get_or_insert((caller, point));
    }

    /// Returns the user of this type that was loaded for this request.
    pub(crate) fn user<U: Send + Sync + 'static>(&self) -> Option<Arc<U>> {
        let found = self.found();
        let (_, user) = found.users.iter().find(|(id, _)| *id == TypeId::of::<U>())?;
        Arc::clone(user).downcast().ok()
    }

    pub(crate) fn keep_user<U: Send + Sync + 'static>(&self, user: &Arc<U>) {
        self.found().users.push((TypeId::of::<U>(), user.clone()));
    }
}
