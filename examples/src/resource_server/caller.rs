//! The response that describes a caller, in the format of fastapi-security. It never contains the token.

use auth_runtime::{authenticate::UserInfoError, prelude::*};
use poem_openapi::{Enum, Object};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::access::Auth;

/// The caller of a request.
#[derive(Debug, Object)]
pub struct User {
    auth: UserAuth,
    /// The user info from the OpenID provider. Null without a provider, and for tokens without a user.
    info: Option<UserInfo>,
}

/// The credential and the permissions of the caller.
#[derive(Debug, Object)]
struct UserAuth {
    /// The subject, or `anonymous` without a credential. `auth_method` is then `none`.
    subject: String,
    auth_method: AuthMethod,
    /// The issuer of the token.
    issuer: Option<String>,
    /// The audience of the token.
    audience: Vec<String>,
    /// When the token was issued (RFC 3339).
    issued_at: Option<String>,
    /// When the token expires (RFC 3339).
    expires_at: Option<String>,
    scopes: Vec<String>,
    permissions: Vec<String>,
}

/// The user info of an OpenID provider (OpenID Connect Core, section 5.1).
#[derive(Debug, Object)]
struct UserInfo {
    given_name: Option<String>,
    family_name: Option<String>,
    nickname: Option<String>,
    name: Option<String>,
    picture: Option<String>,
    locale: Option<String>,
    /// In seconds since 1970.
    updated_at: Option<u64>,
    email: Option<String>,
    email_verified: Option<bool>,
}

/// The kind of the caller's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum AuthMethod {
    None,
    BasicAuth,
    ApiKey,
    #[oai(rename = "oauth2")]
    OAuth2,
    #[oai(rename = "oauth2_client_credentials")]
    OAuth2ClientCredentials,
}

impl User {
    /// Describes a caller without a credential.
    #[must_use]
    pub fn anonymous() -> Self {
        let auth = UserAuth {
            subject: "anonymous".to_owned(),
            auth_method: AuthMethod::None,
            issuer: None,
            audience: Vec::new(),
            issued_at: None,
            expires_at: None,
            scopes: Vec::new(),
            permissions: Vec::new(),
        };
        Self { auth, info: None }
    }

    /// Describes an authenticated caller.
    ///
    /// # Errors
    /// Returns an error if the OpenID provider is unavailable.
    pub async fn of(caller: &Principal<Auth>) -> Result<Self, UserInfoError> {
        let auth = UserAuth {
            subject: caller.subject().to_owned(),
            auth_method: AuthMethod::of(caller),
            issuer: caller.claim("iss"),
            audience: audience(caller),
            issued_at: time(caller, "iat"),
            expires_at: time(caller, "exp"),
            scopes: caller.scopes().map(str::to_owned).collect(),
            permissions: permissions(caller),
        };
        Ok(Self { auth, info: UserInfo::of(caller).await? })
    }
}

impl UserInfo {
    async fn of(caller: &Principal<Auth>) -> Result<Option<Self>, UserInfoError> {
        match caller.user_info().await {
            Ok(info) => Ok(Some(Self::from(&info))),
            Err(UserInfoError::NotOffered | UserInfoError::Refused) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl From<&auth_runtime::authenticate::UserInfo> for UserInfo {
    fn from(info: &auth_runtime::authenticate::UserInfo) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            given_name: owned(info.given_name()),
            family_name: owned(info.family_name()),
            nickname: owned(info.nickname()),
            name: owned(info.name()),
            picture: owned(info.picture()),
            locale: owned(info.locale()),
            updated_at: info.updated_at(),
            email: owned(info.email()),
            email_verified: info.email_verified(),
        }
    }
}

impl AuthMethod {
    fn of(caller: &Principal<Auth>) -> Self {
        match caller.scheme() {
            "password" => Self::BasicAuth,
            "api_key" => Self::ApiKey,
            _ if caller.claim("gty").is_some_and(|grant: String| grant == "client-credentials") => {
                Self::OAuth2ClientCredentials
            }
            _ => Self::OAuth2,
        }
    }
}

/// Returns the names of the caller's permissions.
#[must_use]
pub fn permissions(caller: &Principal<Auth>) -> Vec<String> {
    caller.permissions().iter().map(|permission| permission.name().to_owned()).collect()
}

/// Returns the claim `aud`: a string or a list of strings (RFC 7519, section 4.1.3).
fn audience(caller: &Principal<Auth>) -> Vec<String> {
    let one = || caller.claim("aud").map(|audience: String| vec![audience]);
    caller.claim("aud").or_else(one).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "fractions of a second are dropped")]
fn time(caller: &Principal<Auth>, claim: &str) -> Option<String> {
    let seconds: f64 = caller.claim(claim)?;
    OffsetDateTime::from_unix_timestamp(seconds as i64).ok()?.format(&Rfc3339).ok()
}
