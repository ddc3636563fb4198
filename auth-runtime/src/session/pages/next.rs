//! The page to go to after a sign-in.

use poem::{
    Request,
    http::{Method, header},
};

/// The longest path that is returned to.
const MAX_LEN: usize = 2048;

/// Returns the path, if it is one of this origin: it starts with one `/`. A browser reads `//host` and `/\host` as
/// another host, and skips control characters.
pub(crate) fn own_path(path: &str) -> Option<&str> {
    let mut bytes = path.bytes();
    let is_own = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let is_plain = path.len() <= MAX_LEN && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_own && is_plain).then_some(path)
}

/// Returns a path with `next` in its query.
pub(crate) fn with_next(path: &str, next: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}{separator}next={next}")
}

/// Whether a browser navigates to a page, rather than a script or a program that sends a request.
///
/// Browsers say so in `Sec-Fetch-Mode` (W3C Fetch Metadata, section 2.2), but over plain http only to `localhost`.
pub(crate) fn is_navigation(request: &Request) -> bool {
    let is_navigate = request.header("Sec-Fetch-Mode").is_none_or(|mode| mode == "navigate");
    *request.method() == Method::GET
        && is_navigate
        && wants_html(request)
        && !request.headers().contains_key(header::AUTHORIZATION)
        && !request.headers().contains_key(header::UPGRADE)
}

/// Whether the client reads HTML. A program that accepts anything gets JSON.
pub(crate) fn wants_html(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|value| value.split(','));
    types.any(|accepted| accepted.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::Method};
    use proptest::prelude::*;
    use url::Url;

    use super::{is_navigation, own_path, with_next};

    #[test]
    fn next_is_a_path_of_this_origin() {
        for good in ["/", "/a", "/a/b?c=d&e=%2F#f", "/a//b", "/.//evil.example", "/@evil.example", "/a?next=//evil"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/ä",
            "/a b",
            "/a\\b",
            "?a",
            "#a",
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(2048))), None);
    }

    proptest! {
        #[test]
        fn a_path_that_is_accepted_leads_to_no_other_host(path in "[/\\\\.:@?#%a \\t\\n]{0,12}") {
            if own_path(&path).is_some() {
                let here = Url::parse("https://here.example/auth/login").unwrap();
                let there = here.join(&path).unwrap();
                prop_assert_eq!(there.host_str(), Some("here.example"));
            }
        }
    }

    #[test]
    fn next_is_encoded() {
        assert_eq!(with_next("/login", "/a?b=c&d"), "/login?next=%2Fa%3Fb%3Dc%26d");
        assert_eq!(with_next("/login?x=y", "/"), "/login?x=y&next=%2F");
    }

    #[test]
    fn r15_only_a_browser_that_navigates_is_a_navigation() {
        let request = |method: Method, headers: &[(&str, &str)]| {
            let builder = Request::builder().method(method);
            headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
        };
        let html = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        assert!(is_navigation(&request(Method::GET, &[html])));
        assert!(is_navigation(&request(Method::GET, &[html, ("Sec-Fetch-Mode", "navigate")])));
        for (method, headers) in [
            (Method::POST, &[html][..]),
            (Method::GET, &[]),
            (Method::GET, &[("Accept", "*/*")]),
            (Method::GET, &[("Accept", "application/json")]),
            (Method::GET, &[html, ("Sec-Fetch-Mode", "cors")]),
            (Method::GET, &[html, ("Authorization", "Bearer a")]),
            (Method::GET, &[html, ("Upgrade", "websocket")]),
        ] {
            assert!(!is_navigation(&request(method.clone(), headers)), "{method} {headers:?}");
        }
    }
}
