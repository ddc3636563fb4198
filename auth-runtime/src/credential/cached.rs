//! Finds the only credential of a request, which an authenticator may have verified before.

use poem::{Request, http::header::AUTHORIZATION};

use super::{Credential, cross_origin::is_cross_origin, location, text::Text};
use crate::declared::{Precedence, SchemeSet, SecurityScheme};

/// The only credential of a request, if its authenticator caches credentials by their text.
///
/// Requests with several credentials, or with one that [`select`](super::select) would not select, have none.
#[derive(Debug)]
pub struct OnlyCredential<'r> {
    scheme: usize,
    text: Text<'r>,
}

impl<'r> OnlyCredential<'r> {
    /// Finds the only credential of the wanted schemes. `caches_texts` says for each scheme whether its authenticator caches
    /// credentials by their text.
    #[must_use]
    pub fn find(
        request: &'r Request,
        wanted: SchemeSet,
        schemes: &[SecurityScheme],
        caches_texts: &[bool],
    ) -> Option<Self> {
        if !caches_texts.contains(&true) {
            return None;
        }
        let mut only = None;
        for (scheme, (declared, caches)) in schemes.iter().zip(caches_texts).enumerate() {
            if !wanted.contains(scheme) {
                continue;
            }
            match location::text(request, declared) {
                Credential::Absent => {}
                Credential::Found(text) if *caches && only.is_none() => only = Some(Self { scheme, text }),
                Credential::Found(_) | Credential::Malformed(_) => return None,
            }
        }
        only.filter(|only| counts(request, &schemes[only.scheme]))
    }

    /// Returns the position of its scheme.
    #[must_use]
    pub const fn scheme(&self) -> usize {
        self.scheme
    }

    /// Returns the text of the request, whose form is not checked. It is a secret.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// Whether the only credential counts, if it is of this scheme.
fn counts(request: &Request, scheme: &SecurityScheme) -> bool {
    match scheme.precedence() {
        Precedence::Explicit => true,
        // A caller with an `Authorization` header of another scheme is not authenticated by a cookie.
        Precedence::Cookie => !request.headers().contains_key(&AUTHORIZATION) && !is_cross_origin(request),
        Precedence::Proxy => false,
    }
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::Method};

    use super::{OnlyCredential, SchemeSet, SecurityScheme};
    use crate::declared::{ApiKeyLocation, SchemeKind};

    const fn named(location: ApiKeyLocation, name: &'static str) -> SecurityScheme {
        SecurityScheme::new(name, SchemeKind::ApiKey { location, name })
    }

    const SCHEMES: [SecurityScheme; 5] = [
        SecurityScheme::new("token", SchemeKind::Bearer { format: None }),
        named(ApiKeyLocation::Header, "X-API-Key"),
        named(ApiKeyLocation::Cookie, "__Host-session").max_len(9),
        named(ApiKeyLocation::Header, "X-Proxy").ambient(),
        // Its authenticator caches nothing.
        named(ApiKeyLocation::Header, "X-Signature"),
    ];

    const TOKEN: (&str, &str) = ("Authorization", "Bearer a");
    const KEY: (&str, &str) = ("X-API-Key", "a");
    const SESSION: (&str, &str) = ("Cookie", "b=c; __Host-session=a; d=e");
    const FOREIGN: (&str, &str) = ("Sec-Fetch-Site", "cross-site");

    fn find(method: Method, headers: &[(&str, &str)], wanted: SchemeSet) -> Option<(usize, String)> {
        let builder = Request::builder().method(method);
        let request = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish();
        let only = OnlyCredential::find(&request, wanted, &SCHEMES, &[true, true, true, true, false])?;
        Some((only.scheme(), String::from_utf8(only.text().to_vec()).unwrap()))
    }

    fn scheme(method: Method, headers: &[(&str, &str)]) -> Option<usize> {
        let found = find(method, headers, SchemeSet::first(SCHEMES.len()));
        found.map(|(scheme, text)| {
            assert_eq!(text, "a");
            scheme
        })
    }

    #[test]
    fn only_credential_is_found() {
        for (expected, headers) in [(0, TOKEN), (1, KEY), (2, SESSION)] {
            assert_eq!(scheme(Method::GET, &[headers]), Some(expected), "{headers:?}");
        }
        assert_eq!(scheme(Method::GET, &[]), None);
    }

    #[test]
    fn request_with_a_second_credential_has_no_only_one() {
        let signature = ("X-Signature", "a");
        for headers in [
            &[TOKEN, KEY][..],
            &[KEY, SESSION],
            &[SESSION, SESSION],
            &[KEY, KEY],
            &[KEY, signature],
            &[signature],
            &[KEY, ("Cookie", "__Host-session=")],
            &[SESSION, ("X-API-Key", "")],
            &[("Cookie", "__Host-session=0123456789")],
            // Another scheme of this header is not accepted. With a key, it does not count.
            &[SESSION, ("Authorization", "Basic a")],
            &[("X-Proxy", "a")],
        ] {
            assert_eq!(scheme(Method::GET, headers), None, "{headers:?}");
        }
    }

    #[test]
    fn r65_cookie_of_a_request_from_another_site_is_not_found() {
        let same = ("Sec-Fetch-Site", "same-origin");
        for (expected, method, headers) in [
            (Some(2), Method::POST, &[SESSION, same][..]),
            (None, Method::POST, &[SESSION, FOREIGN]),
            (None, Method::POST, &[SESSION, ("Origin", "https://evil.example")]),
            (Some(2), Method::GET, &[SESSION, FOREIGN]),
            (None, Method::GET, &[SESSION, FOREIGN, ("Upgrade", "websocket")]),
            (Some(1), Method::POST, &[KEY, FOREIGN]),
        ] {
            assert_eq!(scheme(method, headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn only_wanted_schemes_are_looked_at() {
        let session: SchemeSet = [2].into_iter().collect();
        assert_eq!(find(Method::GET, &[SESSION, KEY], session), Some((2, "a".to_owned())));
        assert_eq!(find(Method::GET, &[KEY], session), None);
    }
}
