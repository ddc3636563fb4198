//! The caller as an argument of a handler.

use poem::{FromRequest, Request, RequestBody, Result};

use crate::{
    authenticate::Principal,
    event,
    guard::{AuthConfig, MountedAuth, RequestAuth},
    respond::{DenialCause, Rejection, RejectionCode},
};

impl<'a, A: AuthConfig> FromRequest<'a> for Principal<A> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let auth = RequestAuth::<A>::of(request).map_err(Rejection::into_error)?;
        match auth.admitted() {
            Some((Some(principal), _)) => Ok(principal),
            // No event: the guard allowed an anonymous caller, and `Option<Principal<A>>` tries this each time.
            Some((None, point)) => Err(MountedAuth::rejection(point, &DenialCause::NoCredential).into_error()),
            None => {
                event::no_rule::<Self>();
                Err(Rejection::with_code(RejectionCode::Misconfigured).into_error())
            }
        }
    }
}
