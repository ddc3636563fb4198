//! API keys as clients of a token service.

use std::time::SystemTime;

use crate::SqlUsers;
use auth_runtime::{
    api_key::ApiKeyStore,
    authenticate::Unavailable,
    token_service::{Client, ClientStore},
};

/// An API key is a client: its id is the `client_id`, and the key is the `client_secret`. The client acts as the owner
/// of the key, within the limits of the key. Tokens last until they expire, also if the key is revoked meanwhile.
impl ClientStore for SqlUsers {
    async fn find(&self, id: &str) -> Result<Option<Client>, Unavailable> {
        let Some(key) = ApiKeyStore::find(self, id).await? else { return Ok(None) };
        let is_disabled = key.is_revoked() || key.is_disabled() || key.is_expired(SystemTime::now());
        let client = Client::new(key.id(), *key.sha256(), key.subject()).disabled(is_disabled);
        Ok(Some(match key.limits() {
            Some(limits) => client.limited_to(limits),
            None => client,
        }))
    }
}
