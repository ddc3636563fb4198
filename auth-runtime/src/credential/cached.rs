//! Finds the only credential of a request, which an authenticator may have verified before.

use poem::{Request, http::HeaderName};

use super::{Credential, cookie, cross_origin::crosses_origin, location, text::SentText};
use crate::declared::{ApiKeyLocation, CredentialLocation, Precedence, SchemeSet, SecurityScheme};

/// Finds the only credential of a request. It is prepared once, when the configuration is mounted.
#[derive(Debug)]
pub(crate) struct OnlyCredentialFinder {
    schemes: &'static [SecurityScheme],
    /// The names of the headers that the schemes read, so that no request parses one.
    headers: Box<[Option<HeaderName>]>,
    /// The schemes whose authenticators cache credentials by their text.
    caching: SchemeSet,
}

impl OnlyCredentialFinder {
    pub(crate) fn new(schemes: &'static [SecurityScheme], caching: SchemeSet) -> Self {
        Self { schemes, headers: schemes.iter().map(header_name).collect(), caching }
    }

    /// Returns the only credential of the wanted schemes, if its authenticator caches credentials by their text.
    ///
    /// Requests with several credentials, or with one that [`select`](super::select) would not select, have none.
    pub(crate) fn find<'r>(&self, request: &'r Request, wanted: SchemeSet) -> Option<OnlyCredential<'r>> {
        if wanted.intersection(self.caching).is_empty() {
            return None;
        }
        let mut only = None;
        for scheme in wanted.iter() {
            let (found, counts) = self.look(request, scheme)?;
            match found {
                Credential::Absent => {}
                Credential::Found(text) if only.is_none() && counts => only = Some(OnlyCredential { scheme, text }),
                Credential::Found(_) | Credential::Malformed(_) => return None,
            }
        }
        only.filter(|only| self.caching.contains(only.scheme))
    }

    /// Looks for the credential of a scheme. Returns whether it counts, if it is the only one.
    #[inline]
    fn look<'r>(&self, request: &'r Request, index: usize) -> Option<(Credential<SentText<'r>>, bool)> {
        let scheme = self.schemes.get(index)?;
        if let Some(name) = scheme.cookie() {
            let (found, others) = cookie::value_beside(request.headers(), name);
            // A caller with an `Authorization` header of another scheme is not authenticated by a cookie.
            let counts = !others.has_authorization && !crosses_origin(request, others.has_upgrade);
            return Some((location::within(found, scheme.max_len), counts));
        }
        let found = location::text_at(request, scheme, self.headers.get(index)?.as_ref());
        Some((found, scheme.precedence() == Precedence::Explicit))
    }
}

/// Returns the name of the header that a scheme reads, unless it is `Authorization`.
fn header_name(scheme: &SecurityScheme) -> Option<HeaderName> {
    match scheme.location() {
        CredentialLocation::Named(ApiKeyLocation::Header, name) => name.parse().ok(),
        _ => None,
    }
}

/// The only credential of a request.
#[derive(Debug)]
pub struct OnlyCredential<'r> {
    scheme: usize,
    text: SentText<'r>,
}

impl OnlyCredential<'_> {
    /// Returns the position of its scheme.
    #[inline]
    #[must_use]
    pub const fn scheme(&self) -> usize {
        self.scheme
    }

    /// Returns the text of the request. Its form is not checked. It is a secret.
    #[inline]
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::Method};

    use super::{OnlyCredentialFinder, SchemeSet, SecurityScheme};
    use crate::declared::{ApiKeyLocation, SchemeKind};

    const fn named(location: ApiKeyLocation, name: &'static str) -> SecurityScheme {
        SecurityScheme::new(name, SchemeKind::ApiKey { location, name })
    }

    static SCHEMES: [SecurityScheme; 5] = [
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
        let only = OnlyCredentialFinder::new(&SCHEMES, SchemeSet::first(4)).find(&request, wanted)?;
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
