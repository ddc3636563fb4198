//! The context of an authentication: the declared names and the caller's address.

use poem::Request;

use super::IdentityBuilder;
use crate::{
    client_ip::ClientAddress,
    declared::{AuthSchema, DeclaredNames},
};

/// Context of one authentication: the declared names and the caller's IP address.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    names: &'static DeclaredNames,
    client: ClientAddress,
}

impl Context {
    pub(crate) const fn new(names: &'static DeclaredNames) -> Self {
        Self { names, client: ClientAddress::UNKNOWN }
    }

    /// Returns the same context with this client address.
    #[must_use]
    pub const fn with_client(self, client: ClientAddress) -> Self {
        Self { client, ..self }
    }

    /// Returns the names that the application declares.
    #[must_use]
    pub const fn declared_names(&self) -> &'static DeclaredNames {
        self.names
    }

    /// Returns the address that the credential came from. Rate limits use it.
    #[must_use]
    pub const fn client(&self) -> ClientAddress {
        self.client
    }

    /// Starts an identity: the issuer, and the subject, which is the issuer's identifier of the caller.
    ///
    /// Only both together identify a caller (OpenID Connect Core, section 5.7).
    pub fn identity(&self, issuer: impl Into<String>, subject: impl Into<String>) -> IdentityBuilder {
        IdentityBuilder::new(self.names, issuer.into(), subject.into())
    }
}

impl Context {
    /// Returns a context for the authenticators of `A`.
    ///
    /// A token endpoint needs one to verify a user name and a password.
    #[must_use]
    pub fn of<A: AuthSchema>() -> Self {
        Self::new(A::declared_names())
    }

    /// Returns a context with the client address of this request.
    #[must_use]
    pub fn of_request<A: AuthSchema>(request: &Request) -> Self {
        Self::of::<A>().with_client(ClientAddress::of(request))
    }
}
