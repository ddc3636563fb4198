//! Plug-ins that verify a user name and a password after the user store.

use std::{future::Future, pin::Pin};

use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::BasicCredentials,
};

type Verifying<'a> = Pin<Box<dyn Future<Output = Result<Identity, AuthenticationError>> + Send + 'a>>;

/// An [`Authenticator`] of user names and passwords as a trait object: sign-ins are rare.
pub(super) trait Plugin: Send + Sync + 'static {
    fn verify<'a>(&'a self, credentials: BasicCredentials, context: &'a Context) -> Verifying<'a>;
}

impl<A: Authenticator<Credential = BasicCredentials>> Plugin for A {
    fn verify<'a>(&'a self, credentials: BasicCredentials, context: &'a Context) -> Verifying<'a> {
        Box::pin(self.authenticate(credentials, context))
    }
}
