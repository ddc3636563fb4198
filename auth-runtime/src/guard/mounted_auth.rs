//! An `Auth` that is mounted: shared by all requests, with the values that do not change.

use std::sync::Arc;

use poem::Request;

use super::AuthConfig;
use crate::{
    authenticate::{Authentication, Principal},
    credential::{OnlyCredentialFinder, is_from_script},
    declared::SchemeSet,
    event::{self, Watch},
    policy::{EnforcementPoint, Operation},
    respond::{DenialCause, Rejection},
};

/// An `Auth` and its configured schemes, which are asked for once.
#[derive(Debug)]
pub(crate) struct MountedAuth<A> {
    auth: Arc<A>,
    configured: SchemeSet,
    finder: OnlyCredentialFinder,
}

impl<A: AuthConfig> MountedAuth<A> {
    pub(crate) fn new(auth: &A) -> Self {
        auth.mounted();
        let finder = OnlyCredentialFinder::new(A::SCHEMES, auth.caching());
        Self { auth: Arc::new(auth.cloned()), configured: auth.configured(), finder }
    }

    /// Returns the caller, if the request has one credential of the accepted schemes, and it was verified before.
    #[inline]
    pub(super) fn cached(&self, request: &Request, accepted: SchemeSet) -> Option<Principal<A>> {
        if Self::acting(request, accepted, accepted).is_some() {
            return None;
        }
        let only = self.finder.find(request, accepted)?;
        let identity = self.auth.cached(&only, request)?;
        Some(Principal::authenticated(identity, only.scheme(), Arc::clone(&self.auth)))
    }

    /// Looks for credentials of the accepted schemes and verifies the one of a wanted scheme.
    pub(super) async fn authenticate(
        &self,
        request: &Request,
        accepted: SchemeSet,
        wanted: SchemeSet,
    ) -> Authentication<A> {
        let authentication = match Self::acting(request, accepted, wanted) {
            Some(acting) => acting,
            None => self.auth.authenticate(request, accepted, wanted).await,
        };
        match authentication {
            Authentication::Authenticated(principal) => {
                Authentication::Authenticated(principal.authenticated_by(Arc::clone(&self.auth)))
            }
            other => other,
        }
    }

    /// Returns the caller that a test puts in the place of authentication. No request from a network has one.
    #[cfg(feature = "testing")]
    fn acting(request: &Request, accepted: SchemeSet, wanted: SchemeSet) -> Option<Authentication<A>> {
        let acting = request.extensions().get::<crate::authenticate::ActingAs>()?;
        Some(acting.authentication(accepted, wanted))
    }

    #[cfg(not(feature = "testing"))]
    const fn acting(_: &Request, _: SchemeSet, _: SchemeSet) -> Option<Authentication<A>> {
        None
    }

    /// Returns the schemes that count for an operation: those of its rule that are configured.
    #[inline]
    pub(super) fn point(&self, operation: &'static Operation<A>, request: &Request) -> EnforcementPoint<A> {
        let accepted = operation.accepted(self.configured);
        let is_silent = A::SCHEMES.iter().any(|scheme| scheme.is_silent_for_scripts) && is_from_script(request);
        EnforcementPoint { operation, accepted, is_silent }
    }

    /// Starts the measurement of a decision.
    pub(crate) fn watch(&self) -> Watch {
        Watch::start(self.auth.event_sink())
    }

    /// Reports that the caller was let in.
    #[inline]
    pub(super) fn allowed(&self, point: EnforcementPoint<A>, caller: Option<&Principal<A>>, watch: Watch) {
        event::allowed(point, caller, watch, self.auth.event_sink());
    }

    /// Reports that the request is denied, and returns the response.
    pub(crate) fn denied(&self, point: EnforcementPoint<A>, cause: &DenialCause<'_, A>, watch: Watch) -> Rejection {
        event::denied(point, cause, watch, self.auth.event_sink());
        Self::rejection(point, cause)
    }

    /// Returns the response without an event.
    pub(crate) fn rejection(point: EnforcementPoint<A>, cause: &DenialCause<'_, A>) -> Rejection {
        Rejection::new(point, cause).with_body(A::rejection_body)
    }
}
