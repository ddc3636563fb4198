//! Keys in a header, the query or a cookie.

use cookie::Cookie;
use poem::{Request, http::header::COOKIE};

use super::{CarriedBy, Credential, MAX_LEN, Malformed, text::Text};
use crate::scheme::{Location, SchemeKind, SecurityScheme, kind};

/// A key as the caller sent it: visible ASCII, not empty, once.
#[derive(Clone, Debug)]
pub struct ApiKey(Text);

impl ApiKey {
    /// For a test; what comes with a request is read by the scheme.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(Text::Owned(key.into()))
    }

    /// The key; a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl CarriedBy<kind::ApiKey> for ApiKey {
    fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self> {
        let SchemeKind::ApiKey { location, name } = scheme.kind else { return Credential::Absent };
        let found = match location {
            Location::Header => one(request.headers().get_all(name).iter().map(|value| Text::in_header(value, 0))),
            Location::Query => one(parameters(request, name).map(Text::Owned)),
            Location::Cookie => one(cookies(request, name).map(Text::Owned)),
        };
        found.and_then(checked)
    }
}

/// The only one of several, as which of two would count is a guess that a proxy in front may make otherwise.
fn one(mut found: impl Iterator<Item = Text>) -> Credential<Text> {
    match (found.next(), found.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(key), None) => Credential::Found(key),
    }
}

fn checked(key: Text) -> Result<ApiKey, Malformed> {
    match key.as_str() {
        "" => Err(Malformed::Empty),
        text if text.len() > MAX_LEN => Err(Malformed::TooLong),
        text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(Malformed::Characters),
        _ => Ok(ApiKey(key)),
    }
}

fn parameters(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let parameters: Vec<(String, String)> = request.params().unwrap_or_default();
    parameters.into_iter().filter(move |(found, _)| found == name).map(|(_, value)| value)
}

/// Bytes that are no text stay in their cookie, where they make it malformed and not absent.
fn cookies(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let headers = request.headers().get_all(COOKIE).iter().map(|header| String::from_utf8_lossy(header.as_bytes()));
    let cookies = headers.flat_map(|header| Cookie::split_parse(header.into_owned()));
    cookies.filter_map(Result::ok).filter(move |cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}
