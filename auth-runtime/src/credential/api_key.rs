//! Keys in a header, the query or a cookie.

use poem::{Request, http::header::COOKIE};

use super::{CarriedBy, Credential, MAX_LEN, Malformed, text::Text};
use crate::declared::{ApiKeyLocation, SchemeKind, SecurityScheme, kind};

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
            ApiKeyLocation::Header => {
                one(request.headers().get_all(name).iter().map(|value| Text::in_header(value, 0)))
            }
            ApiKeyLocation::Query => one(parameters(request, name).map(Text::Owned)),
            ApiKeyLocation::Cookie => one(cookies(request, name).map(Text::Owned)),
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

/// The values of all cookies of this name (RFC 6265, section 4.2.1), as bytes: white space is a space or a tab, and
/// nothing else that Unicode calls so. A cookie `\u{2003}__Host-session` is no `__Host-session`, which a page of another
/// host could not set. Bytes that are no text make their cookie malformed, and not absent.
fn cookies(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let headers = request.headers().get_all(COOKIE).iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';')).filter_map(pair);
    pairs
        .filter(move |(found, _)| *found == name.as_bytes())
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Name and value, parted by the first `=`.
fn pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii()))
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::HeaderValue, http::header::COOKIE};

    use super::cookies;

    fn found(header: &str) -> Vec<String> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        cookies(&Request::builder().header(COOKIE, header).finish(), "__Host-session").collect()
    }

    #[test]
    fn r60_a_cookie_is_found_by_its_exact_name() {
        for good in ["__Host-session=a", "b=c; __Host-session=a", "b;=;;\t__Host-session \t= a ;b"] {
            assert_eq!(found(good), ["a"], "{good}");
        }
        for space in ["\u{85}", "\u{a0}", "\u{2003}", "\u{3000}", "\u{feff}", "%20", "\""] {
            assert!(found(&format!("{space}__Host-session=a; __Host-session{space}=a")).is_empty(), "{space:?}");
            let value = format!("a{space}");
            assert_eq!(found(&format!("__Host-session={value}")), [value]);
        }
        assert_eq!(found("__Host-session=a=b; __host-session=c; __Host-session="), ["a=b", ""]);
    }
}
