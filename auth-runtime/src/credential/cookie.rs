//! Parses the `Cookie` header.

use std::iter;

use poem::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, COOKIE, UPGRADE},
};

use super::{Credential, Malformed, text::SentText};

/// Returns the value of the cookie of this name (RFC 6265, section 4.2.1), as bytes. Two are malformed, as a proxy may
/// choose another one than this service.
///
/// Only a space and a tab are white space here. Otherwise a page of another host could set `\u{2003}__Host-session`,
/// and it would count as `__Host-session`. A cookie that is not text is malformed, not absent.
pub(super) fn value<'h>(headers: &'h HeaderMap, name: &str) -> Credential<SentText<'h>> {
    value_in(headers.get_all(COOKIE).iter(), name)
}

/// The other headers that say whether a cookie counts.
#[derive(Debug, Default)]
pub(super) struct OtherHeaders {
    pub(super) has_authorization: bool,
    pub(super) has_upgrade: bool,
}

/// Returns the value of the cookie, as [`value`] does, and the other headers. One pass over all headers costs less than
/// three look-ups.
pub(super) fn value_beside<'h>(headers: &'h HeaderMap, name: &str) -> (Credential<SentText<'h>>, OtherHeaders) {
    let mut others = OtherHeaders::default();
    let mut is_cookie = |name: &HeaderName| {
        others.has_authorization |= *name == AUTHORIZATION;
        others.has_upgrade |= *name == UPGRADE;
        *name == COOKIE
    };
    let cookies = headers.iter().filter(|(name, _)| is_cookie(name)).map(|(_, value)| value);
    (value_in(cookies, name), others)
}

fn value_in<'h>(headers: impl Iterator<Item = &'h HeaderValue>, name: &str) -> Credential<SentText<'h>> {
    let mut only = None;
    for header in headers {
        for value in pairs(header.as_bytes()).filter_map(|pair| value_of(pair, name)) {
            if only.replace((header, value)).is_some() {
                return Credential::Malformed(Malformed::Repeated);
            }
        }
    }
    only.map_or(Credential::Absent, |(header, value)| Credential::Found(SentText::part_of(header, value)))
}

/// Splits a header at each `;`. Each request with a cookie runs it, so it searches many bytes at once.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    iter::from_fn(move || {
        let pair = rest?;
        let end = memchr::memchr(b';', pair);
        rest = end.and_then(|end| pair.get(end + 1..));
        pair.get(..end.unwrap_or(pair.len()))
    })
}

/// Returns the value after the first `=`, if the name before it is this one.
fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = trim_start(pair).strip_prefix(name.as_bytes())?;
    Some(trim_end(trim_start(trim_start(rest).strip_prefix(b"=")?)))
}

/// Removes spaces and tabs. No other white space of ASCII can be in a header.
fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderValue, header::COOKIE};

    use super::{Credential, Malformed, value};

    /// Returns the value, or none, or `[repeated]`.
    fn found_in(headers: &[&str]) -> Option<String> {
        let headers = headers.iter().map(|header| (COOKIE, HeaderValue::from_bytes(header.as_bytes()).unwrap()));
        match value(&headers.collect(), "__Host-session") {
            Credential::Absent => None,
            Credential::Found(text) => Some(text.as_str().to_owned()),
            Credential::Malformed(malformed) => {
                assert_eq!(malformed, Malformed::Repeated);
                Some("[repeated]".to_owned())
            }
        }
    }

    fn found(header: &str) -> Option<String> {
        found_in(&[header])
    }

    #[test]
    fn r60_a_cookie_is_found_by_its_exact_name() {
        for good in ["__Host-session=a", "b=c; __Host-session=a", "b;=;;\t__Host-session \t= a ;b"] {
            assert_eq!(found(good).unwrap(), "a", "{good}");
        }
        for space in ["\u{85}", "\u{a0}", "\u{2003}", "\u{3000}", "\u{feff}", "%20", "\""] {
            assert_eq!(found(&format!("{space}__Host-session=a; __Host-session{space}=a")), None, "{space:?}");
            let value = format!("a{space}");
            assert_eq!(found(&format!("__Host-session={value}")), Some(value));
        }
        assert_eq!(found("__Host-session=a=b; __host-session=c").unwrap(), "a=b");
        assert_eq!(found("__Host-session=").unwrap(), "");
        for other in
            ["__Host-sessions=a", "__Host-session", "__Host-session;=a", "x__Host-session=a", "x=__Host-session=a", ""]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn cookie_that_is_sent_twice_is_malformed() {
        let repeated = Some("[repeated]".to_owned());
        for twice in [
            "__Host-session=a;__Host-session=b;",
            "__Host-session=a; b=c; __Host-session=a",
            "__Host-session=;__Host-session=",
        ] {
            assert_eq!(found(twice), repeated, "{twice}");
        }
        assert_eq!(found_in(&["__Host-session=a", "__Host-session=a"]), repeated);
        assert_eq!(found_in(&["b=c", "__Host-session=a", "d=e"]).unwrap(), "a");
        assert_eq!(found_in(&[]), None);
    }
}
