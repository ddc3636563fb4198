//! Reads the text of a credential at the location that a scheme declares.

use poem::{Request, http::header::COOKIE};

use super::{Credential, Malformed, authorization, text::Text};
use crate::declared::{ApiKeyLocation, CredentialLocation, SecurityScheme};

/// Returns the text at the scheme's location: sent once, not empty, and not longer than the scheme allows.
pub(super) fn text<'r>(request: &'r Request, scheme: &SecurityScheme) -> Credential<Text<'r>> {
    let found = match scheme.location() {
        CredentialLocation::Authorization(name) => authorization::credentials(request, name),
        CredentialLocation::Named(ApiKeyLocation::Header, name) => {
            one(request.headers().get_all(name).iter().map(|value| Text::in_header(value, 0)))
        }
        CredentialLocation::Named(ApiKeyLocation::Query, name) => one(parameters(request, name).map(Text::Owned)),
        CredentialLocation::Named(ApiKeyLocation::Cookie, name) => one(cookies(request, name).map(Text::Owned)),
    };
    found.and_then(|text| match text.as_bytes().len() {
        0 => Err(Malformed::Empty),
        len if len > scheme.max_len => Err(Malformed::TooLong),
        _ => Ok(text),
    })
}

/// Returns the only value. Two are malformed, as a proxy may choose another one than this service.
fn one<'r>(mut found: impl Iterator<Item = Text<'r>>) -> Credential<Text<'r>> {
    match (found.next(), found.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(text), None) => Credential::Found(text),
    }
}

fn parameters(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let parameters: Vec<(String, String)> = request.params().unwrap_or_default();
    parameters.into_iter().filter(move |(found, _)| found == name).map(|(_, value)| value)
}

/// Returns the values of all cookies of this name (RFC 6265, section 4.2.1), as bytes.
///
/// Only a space and a tab are white space here. Otherwise a page of another host could set `\u{2003}__Host-session`, and
/// it would count as `__Host-session`. A cookie that is not text is malformed, not absent.
fn cookies(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let headers = request.headers().get_all(COOKIE).iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';')).filter_map(pair);
    pairs
        .filter(move |(found, _)| *found == name.as_bytes())
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Splits name and value at the first `=`.
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
