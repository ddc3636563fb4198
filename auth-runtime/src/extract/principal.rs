//! The caller as an argument of a handler.

use poem::{FromRequest, Request, RequestBody, Result};

use crate::{
    authenticate::Principal,
    guard::{AuthConfig, RequestAuth},
    respond::Rejection,
};

impl<'a, A: AuthConfig> FromRequest<'a> for Principal<A> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let slot = RequestAuth::<A>::of(request).map_err(Rejection::into_error)?;
        match slot.admitted() {
            Some((Some(principal), _)) => Ok(principal.clone()),
            Some((None, point)) => Err(Rejection::nobody(point).into_error()),
            None => Err(Rejection::no_rule::<Self>().into_error()),
        }
    }
}
