//! Reads the text of a credential at the location that a scheme declares.

use std::iter;

use poem::{Request, http::header::COOKIE};

use super::{Credential, Malformed, authorization, text::Text};
use crate::declared::{ApiKeyLocation, CredentialLocation, SecurityScheme};

/// Returns the text at the scheme's location: sent once, not empty, and not longer than the scheme allows.
pub(super) fn text(request: &Request, scheme: &SecurityScheme) -> Credential<Text> {
    let found = match scheme.location() {
        CredentialLocation::Authorization(name) => authorization::credentials(request, name),
        CredentialLocation::Named(ApiKeyLocation::Header, name) => {
            one(request.headers().get_all(name).iter().map(|value| Text::in_header(value, 0)))
        }
        CredentialLocation::Named(ApiKeyLocation::Query, name) => one(parameters(request, name).map(Text::Owned)),
        CredentialLocation::Named(ApiKeyLocation::Cookie, name) => one(cookies(request, name)),
    };
    found.and_then(|text| match text.as_bytes().len() {
        0 => Err(Malformed::Empty),
        len if len > scheme.max_len => Err(Malformed::TooLong),
        _ => Ok(text),
    })
}

/// Returns the only value. Two are malformed, as a proxy may choose another one than this service.
fn one(mut found: impl Iterator<Item = Text>) -> Credential<Text> {
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
fn cookies(request: &Request, name: &str) -> impl Iterator<Item = Text> {
    request.headers().get_all(COOKIE).iter().flat_map(move |header| {
        let values = pairs(header.as_bytes()).filter_map(move |pair| value_of(pair, name));
        values.map(|value| Text::part_of(header, value))
    })
}

/// Splits a header at each `;`. Each request with a cookie runs it, so it searches many bytes at once.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = Some(0);
    iter::from_fn(move || {
        let rest = header.get(start?..)?;
        let end = memchr::memchr(b';', rest);
        start = end.and_then(|end| Some(start? + end + 1));
        rest.get(..end.unwrap_or(rest.len()))
    })
}

/// Returns the value after the first `=`, if the name before it is this one.
fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = pair.trim_ascii_start().strip_prefix(name.as_bytes())?;
    Some(rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::HeaderValue, http::header::COOKIE};

    use super::cookies;

    fn found(header: &str) -> Vec<String> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let request = Request::builder().header(COOKIE, header).finish();
        cookies(&request, "__Host-session").map(|text| text.as_str().to_owned()).collect()
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
        assert_eq!(found("__Host-session=a;__Host-session=b;"), ["a", "b"]);
        for other in ["__Host-sessions=a", "__Host-session", "__Host-session;=a", "x__Host-session=a", "x=__Host-session=a", ""] {
            assert!(found(other).is_empty(), "{other}");
        }
    }
}
