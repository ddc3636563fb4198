//! The responses of the token service.

use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Object,
    payload::{Json, Payload},
    registry::{MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::error::TokenError;
use crate::{jwt::JwtError, respond::retry_after};

const CHALLENGE: &str = r#"Basic realm="token", charset="UTF-8""#;
/// A new key is published longer than this before it signs, except after `KeyRing::rotate_now`.
const KEYS_CACHED: &str = "public, max-age=300";

/// Tokens (RFC 6749, section 5.1).
#[derive(Object)]
#[oai(rename = "OAuthTokens", skip_serializing_if_is_none)]
pub(super) struct Tokens {
    /// Sent as `Authorization: Bearer ..`
    pub(super) access_token: String,
    /// `Bearer`
    pub(super) token_type: String,
    /// The lifetime of the access token in seconds
    pub(super) expires_in: u64,
    /// Exchanged once for new tokens
    pub(super) refresh_token: Option<String>,
    /// The granted scopes, if they differ from those asked for
    pub(super) scope: Option<String>,
}

/// An error (RFC 6749, section 5.2).
#[derive(Object)]
#[oai(rename = "OAuthError")]
pub(super) struct OAuthError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `unauthorized_client`, `unsupported_grant_type`,
    /// `invalid_scope` or `temporarily_unavailable`
    error: String,
    /// A text for developers
    error_description: String,
}

/// The errors of the operations.
#[derive(ApiResponse)]
pub(super) enum Refusal {
    /// The request is refused
    #[oai(status = 400)]
    Refused(Json<OAuthError>),
    /// The client is not authenticated
    #[oai(status = 401)]
    InvalidClient(Json<OAuthError>, #[oai(header = "WWW-Authenticate")] String),
    /// Too many attempts
    #[oai(status = 429)]
    TooManyAttempts(Json<OAuthError>, #[oai(header = "Retry-After")] u64),
    /// A backend does not answer
    #[oai(status = 503)]
    Unavailable(Json<OAuthError>, #[oai(header = "Retry-After")] u64),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let body =
            Json(OAuthError { error: error.code().to_owned(), error_description: error.description().to_owned() });
        match error {
            TokenError::InvalidClient => Self::InvalidClient(body, CHALLENGE.to_owned()),
            TokenError::TooManyAttempts(time) => Self::TooManyAttempts(body, retry_after::seconds(time)),
            TokenError::Unavailable => Self::Unavailable(body, retry_after::UNAVAILABLE.as_secs()),
            _ => Self::Refused(body),
        }
    }
}

/// The response of an operation: its result, which no cache stores (RFC 6749, section 5.1).
pub(super) struct OAuthResponse<T>(pub(super) Result<T, TokenError>);

impl<T: ApiResponse> ApiResponse for OAuthResponse<T> {
    fn meta() -> MetaResponses {
        let mut meta = T::meta();
        meta.responses.extend(Refusal::meta().responses);
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        Refusal::register(registry);
    }
}

impl<T: IntoResponse> IntoResponse for OAuthResponse<T> {
    fn into_response(self) -> Response {
        let mut response = match self.0 {
            Ok(answer) => answer.into_response(),
            Err(error) => Refusal::from(error).into_response(),
        };
        let headers = response.headers_mut();
        if let Some(media_type) = headers.get_mut(header::CONTENT_TYPE) {
            *media_type = HeaderValue::from_static("application/json");
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// A key set, as JSON text.
pub(super) struct JwkSet(String);

impl Payload for JwkSet {
    const CONTENT_TYPE: &'static str = "application/jwk-set+json";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")))
    }
}

impl IntoResponse for JwkSet {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0)
    }
}

/// The response with the keys.
#[derive(ApiResponse)]
pub(super) enum KeysResponse {
    /// The public keys (RFC 7517)
    #[oai(status = 200)]
    Keys(JwkSet, #[oai(header = "Cache-Control")] String, #[oai(header = "Access-Control-Allow-Origin")] String),
    /// The keys cannot be read
    #[oai(status = 503)]
    Unavailable(#[oai(header = "Retry-After")] u64),
}

impl From<Result<String, JwtError>> for KeysResponse {
    fn from(keys: Result<String, JwtError>) -> Self {
        match keys {
            Ok(keys) => Self::Keys(JwkSet(keys), KEYS_CACHED.to_owned(), "*".to_owned()),
            Err(error) => {
                tracing::warn!(%error, "keys unavailable");
                Self::Unavailable(retry_after::UNAVAILABLE.as_secs())
            }
        }
    }
}
