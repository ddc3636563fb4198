//! Authenticates the client of a request.

use secrecy::ExposeSecret;

use super::{
    client::{Client, ClientStore},
    error::TokenError,
    request::SentClient,
    service::Service,
};
use crate::client_ip::ClientAddress;

/// The client of a request.
pub(super) enum KnownClient {
    /// The client of the application itself, which has no secret.
    FirstParty(String),
    /// A client that has sent its secret.
    Confidential(Client),
}

impl KnownClient {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::FirstParty(id) => id,
            Self::Confidential(client) => client.id(),
        }
    }
}

impl<U, R, C: ClientStore> Service<U, R, C> {
    /// Returns the client of a request. A wrong secret counts for its address.
    pub(super) async fn client(&self, sent: SentClient, address: ClientAddress) -> Result<KnownClient, TokenError> {
        let first_party = self.password_grant.as_ref().map(|grant| &*grant.client_id);
        match sent {
            SentClient::Absent => first_party.map(first).ok_or(TokenError::InvalidClient),
            SentClient::Public(id) if first_party == Some(&id) => Ok(first(&id)),
            SentClient::Public(_) => self.refuse(address).await,
            SentClient::Confidential { id, secret } => {
                let sha256 = Client::hash(secret.expose_secret());
                match self.find(&id).await?.filter(|client| client.is_of(&sha256)) {
                    Some(client) => Ok(KnownClient::Confidential(client)),
                    None => self.refuse(address).await,
                }
            }
        }
    }

    async fn find(&self, id: &str) -> Result<Option<Client>, TokenError> {
        let Some(clients) = &self.clients else { return Ok(None) };
        Ok(clients.find(id).await?.filter(|client| client.id() == id))
    }

    async fn refuse<T>(&self, address: ClientAddress) -> Result<T, TokenError> {
        self.users.limits().failed(address).await?;
        Err(TokenError::InvalidClient)
    }
}

fn first(id: &str) -> KnownClient {
    KnownClient::FirstParty(id.to_owned())
}
