//! Parses the `Cookie` header.

use poem::http::{HeaderMap, header::COOKIE};

/// Returns the values of all cookies of this name (RFC 6265, section 4.2.1), as bytes.
///
/// Only a space and a tab are white space here. Otherwise a page of another host could set `\u{2003}__Host-session`, and
/// it would count as `__Host-session`. A cookie that is not text is malformed, not absent.
pub(super) fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    let headers = headers.get_all(COOKIE).iter();
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
    use poem::http::{HeaderMap, HeaderValue, header::COOKIE};

    use super::values;

    fn found(header: &str) -> Vec<String> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        values(&HeaderMap::from_iter([(COOKIE, header)]), "__Host-session").collect()
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
