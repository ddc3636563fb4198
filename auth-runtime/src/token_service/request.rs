//! A request of a client: its form, and the credentials of the client.

use std::{collections::HashMap, marker::PhantomData};

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{Request, RequestBody, http::header::AUTHORIZATION};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, Object,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use secrecy::{ExposeSecret, SecretString};

use super::error::TokenError;
use crate::{client_ip::ClientAddress, credential::is_utf8_form};

const FORM: &str = "application/x-www-form-urlencoded";
const MAX_LEN: usize = 8 * 1024;

/// The form of a token request (RFC 6749).
#[derive(Object)]
#[oai(rename = "OAuthTokenRequest")]
pub(super) struct TokenRequest {
    /// `password`, `refresh_token` or `client_credentials`
    grant_type: Option<String>,
    /// The name of the user, for `password`
    username: Option<String>,
    /// The password of the user, for `password`
    #[oai(validator(max_length = 1024))]
    password: Option<String>,
    /// The token, for `refresh_token`
    refresh_token: Option<String>,
    /// The scopes asked for, separated by spaces
    scope: Option<String>,
    /// The client, unless it is in the `Authorization` header
    client_id: Option<String>,
    /// The secret of the client, unless it is in the `Authorization` header
    client_secret: Option<String>,
}

/// The form of a revocation request (RFC 7009).
#[derive(Object)]
#[oai(rename = "OAuthRevocationRequest")]
pub(super) struct RevocationRequest {
    /// A refresh token or an access token
    token: String,
    /// `refresh_token` or `access_token`; it changes nothing
    token_type_hint: Option<String>,
    /// The client, unless it is in the `Authorization` header
    client_id: Option<String>,
    /// The secret of the client, unless it is in the `Authorization` header
    client_secret: Option<String>,
}

/// How a client names itself.
pub(super) enum SentClient {
    Absent,
    Public(String),
    Confidential { id: String, secret: SecretString },
}

/// A request that was read. The documentation shows it as `T`.
pub(super) struct OAuthRequest<T> {
    /// The parameters with a value, or why the form is refused.
    pub(super) read: Result<(Parameters, SentClient), TokenError>,
    pub(super) address: ClientAddress,
    documented: PhantomData<fn() -> T>,
}

impl<'a, T: Type> ApiExtractor<'a> for OAuthRequest<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: FORM, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self { read: read(request, body).await, address: ClientAddress::of(request), documented: PhantomData })
    }
}

async fn read(request: &Request, body: &mut RequestBody) -> Result<(Parameters, SentClient), TokenError> {
    if !is_form(request) {
        return Err(TokenError::InvalidRequest(
            "the body is not a form; send Content-Type: application/x-www-form-urlencoded",
        ));
    }
    let incomplete = TokenError::InvalidRequest("the form is too long or incomplete");
    let body = body.take().map_err(|_| incomplete)?;
    let form = Parameters::parse(&body.into_bytes_limit(MAX_LEN).await.map_err(|_| incomplete)?)?;
    let client = client(request, &form)?;
    Ok((form, client))
}

fn is_form(request: &Request) -> bool {
    let media_type = request.content_type().and_then(|value| value.split(';').next());
    media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case(FORM))
}

/// The parameters of a form that have a value.
pub(super) struct Parameters(HashMap<String, SecretString>);

impl Parameters {
    /// Reads a form. A parameter without a value counts as absent, and a repeated one is an error (RFC 6749, section
    /// 3.2).
    pub(super) fn parse(form: &[u8]) -> Result<Self, TokenError> {
        if !is_utf8_form(form) {
            return Err(TokenError::InvalidRequest("the form is not UTF-8"));
        }
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            if parameters.insert(name.into_owned(), SecretString::from(value.into_owned())).is_some() {
                return Err(TokenError::InvalidRequest("a parameter is repeated"));
            }
        }
        parameters.retain(|_, value| !value.expose_secret().is_empty());
        Ok(Self(parameters))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(ExposeSecret::expose_secret)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, TokenError> {
        self.get(name).ok_or(TokenError::InvalidRequest("a parameter is missing"))
    }
}

/// Returns the client of a request. It authenticates in one way only (RFC 6749, section 2.3).
fn client(request: &Request, form: &Parameters) -> Result<SentClient, TokenError> {
    let (form_id, form_secret) = (form.get("client_id"), form.get("client_secret"));
    let Some((id, secret)) = basic(request)? else {
        return match (form_id, form_secret) {
            (Some(id), Some(secret)) => Ok(SentClient::Confidential { id: id.to_owned(), secret: secret.into() }),
            (Some(id), None) => Ok(SentClient::Public(id.to_owned())),
            (None, Some(_)) => Err(TokenError::InvalidRequest("the client_id is missing")),
            (None, None) => Ok(SentClient::Absent),
        };
    };
    if form_secret.is_some() || form_id.is_some_and(|form_id| form_id != id) {
        return Err(TokenError::InvalidRequest("the client authenticates in two ways"));
    }
    match secret.expose_secret() {
        "" => Ok(SentClient::Public(id)),
        _ => Ok(SentClient::Confidential { id, secret }),
    }
}

/// Returns id and secret of the `Authorization` header, which are encoded as in a form (RFC 6749, section 2.3.1).
/// Swagger UI sends both empty if none are known: that is no client.
fn basic(request: &Request) -> Result<Option<(String, SecretString)>, TokenError> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(TokenError::InvalidRequest("a header is repeated"));
    }
    let text = header.to_str().map_err(|_| TokenError::InvalidClient)?;
    let (scheme, encoded) = text.split_once(' ').ok_or(TokenError::InvalidClient)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(TokenError::InvalidClient);
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = SecretString::from(decoded.ok_or(TokenError::InvalidClient)?);
    let (id, secret) = decoded.expose_secret().split_once(':').ok_or(TokenError::InvalidClient)?;
    if id.is_empty() && secret.is_empty() {
        return Ok(None);
    }
    Ok(Some((form_decoded(id), form_decoded(secret).into())))
}

fn form_decoded(text: &str) -> String {
    let decoded = form_urlencoded::parse(format!("v={}", text.replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned());
    decoded.unwrap_or_default()
}
