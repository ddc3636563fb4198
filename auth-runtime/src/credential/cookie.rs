//! Parses the `Cookie` header.

use std::iter;

use poem::http::{HeaderMap, header::COOKIE};

use super::text::Text;

/// Returns the values of all cookies of this name (RFC 6265, section 4.2.1), as bytes.
///
/// Only a space and a tab are white space here. Otherwise a page of another host could set `\u{2003}__Host-session`, and
/// it would count as `__Host-session`. A cookie that is not text is malformed, not absent.
pub(super) fn values<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = Text<'h>> {
    headers.get_all(COOKIE).iter().flat_map(move |header| {
        let values = pairs(header.as_bytes()).filter_map(move |pair| value_of(pair, name));
        values.map(|value| Text::part_of(header, value))
    })
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
    use poem::http::{HeaderMap, HeaderValue, header::COOKIE};

    use super::values;

    fn found(header: &str) -> Vec<String> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(COOKIE, header)]);
        values(&headers, "__Host-session").map(|text| text.as_str().to_owned()).collect()
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
        for other in
            ["__Host-sessions=a", "__Host-session", "__Host-session;=a", "x__Host-session=a", "x=__Host-session=a", ""]
        {
            assert!(found(other).is_empty(), "{other}");
        }
    }
}
