//! Parses the `Cookie` header.

use std::iter;

use poem::http::{HeaderMap, header::COOKIE};

use super::{Credential, Malformed, text::Text};

/// Returns the value of the cookie of this name (RFC 6265, section 4.2.1), as bytes. Two are malformed, as a proxy may choose
/// another one than this service.
///
/// Only a space and a tab are white space here. Otherwise a page of another host could set `\u{2003}__Host-session`, and
/// it would count as `__Host-session`. A cookie that is not text is malformed, not absent.
pub(super) fn value<'h>(headers: &'h HeaderMap, name: &str) -> Credential<Text<'h>> {
    let (headers, mut only) = (headers.get_all(COOKIE).iter(), None);
    for header in headers {
        for value in pairs(header.as_bytes()).filter_map(|pair| value_of(pair, name)) {
            if only.replace(Text::part_of(header, value)).is_some() {
                return Credential::Malformed(Malformed::Repeated);
            }
        }
    }
    only.map_or(Credential::Absent, Credential::Found)
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
    let rest = pair.trim_ascii_start().strip_prefix(name.as_bytes())?;
    Some(rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())
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
