//! Refresh tokens, their families, and the store of families.
//!
//! A family consists of all refresh tokens of one sign-in. It has one record, in which a new token replaces the hash of
//! the previous one. A token consists of the name of its family and a secret. The record has only a hash of the name,
//! so neither the store nor the claim `sid` of an access token reveals the name. Only a holder of a token of the family
//! knows the name. So the right name with a wrong secret shows that a replaced token was used again.

use std::{fmt, future::Future, sync::Arc, time::SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::authenticate::Unavailable;

/// The prefix lets scanners find leaked tokens.
const PREFIX: &str = "rt_";
/// 128 and 256 bits, as base64url writes them.
const NAME_LEN: usize = 22;
const SECRET_LEN: usize = 43;

/// The text of a refresh token.
pub(super) struct RefreshToken(SecretString);

impl RefreshToken {
    /// Returns the first token of a new family.
    pub(super) fn generate() -> Result<Self, Unavailable> {
        Self::of_name(&random::<16>()?)
    }

    /// Returns another token of the same family.
    pub(super) fn next(&self) -> Result<Self, Unavailable> {
        Self::of_name(self.name())
    }

    fn of_name(name: &str) -> Result<Self, Unavailable> {
        Ok(Self(format!("{PREFIX}{name}{}", random::<32>()?).into()))
    }

    /// Returns the token that a text is; `None` if it has another form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let is_text = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (rest.len() == NAME_LEN + SECRET_LEN && rest.bytes().all(is_text)).then(|| Self(text.into()))
    }

    /// Returns the id of the family.
    pub(super) fn family(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(self.name())[..16])
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.text()).into()
    }

    pub(super) fn text(&self) -> &str {
        self.0.expose_secret()
    }

    fn name(&self) -> &str {
        &self.text()[PREFIX.len()..PREFIX.len() + NAME_LEN]
    }
}

fn random<const LEN: usize>() -> Result<String, Unavailable> {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes).map_err(|error| Unavailable::new(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The refresh tokens of one sign-in.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshFamily {
    /// The id of the family, and the claim `sid` of its access tokens.
    pub id: String,
    /// The SHA-256 hash of the current token.
    pub sha256: [u8; 32],
    /// The issuer of the access tokens.
    pub issuer: String,
    /// The subject of the user.
    pub subject: String,
    /// The [version](crate::users::User::credential_epoch) of the credentials at the sign-in.
    pub credential_epoch: u64,
    /// The client that got the tokens.
    pub client_id: String,
    /// The granted scopes, separated by spaces; `None` if the client requested none.
    pub scope: Option<String>,
    /// When the user signed in. A store may cut it to whole seconds.
    pub signed_in_at: SystemTime,
    /// The time when the family ends, even if it is in use.
    pub expires_at: SystemTime,
}

impl RefreshFamily {
    /// Returns the id of the family of a refresh token; `None` if the text is not a refresh token.
    #[must_use]
    pub fn id_of(token: &str) -> Option<String> {
        RefreshToken::parse(token).map(|token| token.family())
    }

    /// Returns whether this is the current token.
    #[must_use]
    pub fn is_current_text(&self, token: &str) -> bool {
        RefreshToken::parse(token).is_some_and(|token| self.is_current(&token))
    }

    /// Returns whether this token is the current one.
    pub(super) fn is_current(&self, token: &RefreshToken) -> bool {
        self.sha256.ct_eq(&token.sha256()).into()
    }
}

/// Without the hash.
impl fmt::Debug for RefreshFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshFamily")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A store of refresh tokens: one record for each sign-in. `SqlUsers` and `RedisStore` of the crate `auth-store`
/// implement it.
pub trait RefreshTokenStore: Send + Sync + 'static {
    /// Adds a family.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn add(&self, family: &RefreshFamily) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Returns the family with this id; `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<RefreshFamily>, Unavailable>> + Send;

    /// Replaces the hash of the current token if it is still `current`. Returns whether it was replaced.
    ///
    /// This is one atomic step: of several requests with the same token, at most one gets `true`.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn rotate(
        &self,
        id: &str,
        current: [u8; 32],
        next: [u8; 32],
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Ends a family. Later calls do not find it.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn end(&self, id: &str) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

impl<S: RefreshTokenStore> RefreshTokenStore for Arc<S> {
    async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
        S::add(self, family).await
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
        S::find(self, id).await
    }

    async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
        S::rotate(self, id, current, next).await
    }

    async fn end(&self, id: &str) -> Result<(), Unavailable> {
        S::end(self, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::RefreshToken;

    #[test]
    fn a_token_names_its_family_by_a_hash() {
        let first = RefreshToken::generate().unwrap();
        let next = first.next().unwrap();
        assert_eq!((first.family(), first.text().len()), (next.family(), 68));
        assert_ne!(first.sha256(), next.sha256());
        assert!(!first.text().contains(&first.family()), "the claim `sid` does not reveal the name");
        assert_ne!(first.family(), RefreshToken::generate().unwrap().family());
        assert_eq!(RefreshToken::parse(first.text()).unwrap().sha256(), first.sha256());
    }

    #[test]
    fn another_text_is_no_token() {
        let good = RefreshToken::generate().unwrap().text().to_owned();
        for bad in ["", "rt_", &good[1..], &good[..67], &format!("{good}a"), &good.replace("rt_", "rt_ä"), "a.b.c"] {
            assert!(RefreshToken::parse(bad).is_none(), "{bad}");
        }
    }
}
