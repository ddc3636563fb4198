//! What an authenticator knows besides the credential.

use poem::Request;

use super::IdentityBuilder;
use crate::{
    client_ip::ClientAddress,
    declared::{AuthSchema, DeclaredNames},
};

/// What an authenticator may know besides the credential.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    names: &'static DeclaredNames,
    client: ClientAddress,
}

impl Context {
    pub(crate) const fn new(names: &'static DeclaredNames) -> Self {
        Self { names, client: ClientAddress::UNKNOWN }
    }

    /// The same for a caller from this address.
    #[must_use]
    pub const fn with_client(self, client: ClientAddress) -> Self {
        Self { client, ..self }
    }

    /// The names that the application declares.
    #[must_use]
    pub const fn declared_names(&self) -> &'static DeclaredNames {
        self.names
    }

    /// From where the credential comes: by this an authenticator may bound how much is tried.
    #[must_use]
    pub const fn client(&self) -> ClientAddress {
        self.client
    }

    /// Starts to describe whose credential it is: who vouches for the caller, and the name by which that party knows
    /// the caller. Only both together identify somebody (OpenID Connect Core, section 5.7).
    pub fn identity(&self, issuer: impl Into<String>, subject: impl Into<String>) -> IdentityBuilder {
        IdentityBuilder::new(self.names, issuer.into(), subject.into())
    }
}

impl Context {
    /// For the authenticators of `A`: to ask one of them outside of a request that a rule judges, as a token endpoint
    /// does with a user name and a password.
    #[must_use]
    pub fn of<A: AuthSchema>() -> Self {
        Self::new(A::declared_names())
    }

    /// The same inside of a request: it knows the address of the caller.
    #[must_use]
    pub fn of_request<A: AuthSchema>(request: &Request) -> Self {
        Self::of::<A>().with_client(ClientAddress::of(request))
    }
}
