//! Confidential clients, and their stores.

use std::{fmt, future::Future, sync::Arc};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::authenticate::Unavailable;

/// A client that gets tokens with its own secret (client credentials grant, RFC 6749, section 4.4). It acts as a user
/// of the store, such as a service account, and its tokens have the subject of that user.
///
/// The secret must have at least 128 random bits (ASVS 11.5.1), because it is stored as a plain SHA-256 hash.
#[derive(Clone)]
pub struct Client {
    id: String,
    sha256: [u8; 32],
    subject: String,
    limits: Option<Vec<String>>,
    is_disabled: bool,
}

impl Client {
    /// Returns the client with this id and the SHA-256 of its secret, which acts as the user with this subject.
    ///
    /// ```
    /// use auth_runtime::token_service::Client;
    ///
    /// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6"; // from a random generator, and not in the source
    /// let client = Client::new("nightly-report", Client::hash(secret), "reports").limited_to(["view"]);
    /// assert_eq!(client.id(), "nightly-report");
    /// ```
    #[must_use]
    pub fn new(id: impl Into<String>, sha256: [u8; 32], subject: impl Into<String>) -> Self {
        Self { id: id.into(), sha256, subject: subject.into(), limits: None, is_disabled: false }
    }

    /// Returns the SHA-256 of a secret.
    #[must_use]
    pub fn hash(secret: &str) -> [u8; 32] {
        Sha256::digest(secret).into()
    }

    /// Limits the client to these scopes (default: all scopes of its user).
    #[must_use]
    pub fn limited_to<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        Self { limits: Some(scopes.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets whether the client is refused (default: no).
    #[must_use]
    pub fn disabled(self, is_disabled: bool) -> Self {
        Self { is_disabled, ..self }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the subject of the user that the client acts as.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the scopes that the client is limited to.
    pub(super) fn limits(&self) -> Option<&[String]> {
        self.limits.as_deref()
    }

    /// Returns whether the client is accepted with a secret that has this hash.
    pub(super) fn is_of(&self, sha256: &[u8; 32]) -> bool {
        bool::from(self.sha256.ct_eq(sha256)) && !self.is_disabled
    }
}

/// Without the hash.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("limits", &self.limits)
            .field("is_disabled", &self.is_disabled)
            .finish_non_exhaustive()
    }
}

/// A store of clients with a secret.
///
/// `SqlUsers` of the crate `auth-store` implements it: each API key is a client, whose id is the id of the key and
/// whose secret is the key.
pub trait ClientStore: Send + Sync + 'static {
    /// Returns the client with this id; `None` if there is none.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<Client>, Unavailable>> + Send;
}

impl<S: ClientStore> ClientStore for Arc<S> {
    async fn find(&self, id: &str) -> Result<Option<Client>, Unavailable> {
        S::find(self, id).await
    }
}
