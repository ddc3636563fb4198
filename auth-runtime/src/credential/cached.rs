//! Finds a credential that was verified before, by its text alone.

use poem::Request;

use super::{Credential, location};
use crate::{
    authenticate::Identity,
    declared::{Precedence, SchemeSet, SecurityScheme},
};

/// The only credential of a request, if it is cached. It collects the schemes one by one.
///
/// It answers only for a request with one credential that a page of another site cannot send. All other requests are left to
/// [`select`](super::select).
#[derive(Debug)]
pub struct OnlyCredential<'r> {
    request: &'r Request,
    wanted: SchemeSet,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The schemes so far have no credential.
    None,
    Cached(usize, Identity),
    /// A credential must be verified, or there are several.
    Unknown,
}

impl<'r> OnlyCredential<'r> {
    /// Returns the state before the first scheme.
    #[must_use]
    pub const fn new(request: &'r Request, wanted: SchemeSet) -> Self {
        Self { request, wanted, state: State::None }
    }

    /// Looks for the credential of a scheme, if its authenticator caches credentials by their text.
    #[must_use]
    pub fn or_of(
        mut self,
        index: usize,
        scheme: &SecurityScheme,
        caches_texts: bool,
        cached: impl FnOnce(&[u8]) -> Option<Identity>,
    ) -> Self {
        if caches_texts && self.wanted.contains(index) && !matches!(self.state, State::Unknown) {
            self.state = match (location::text(self.request, scheme), self.state) {
                (Credential::Absent, state) => state,
                (Credential::Found(text), State::None) if scheme.precedence() == Precedence::Explicit => {
                    cached(text.as_bytes()).map_or(State::Unknown, |identity| State::Cached(index, identity))
                }
                _ => State::Unknown,
            };
        }
        self
    }

    /// Looks for a second credential, of a scheme whose authenticator caches none by their text.
    #[must_use]
    pub fn unless_of(mut self, index: usize, scheme: &SecurityScheme, caches_texts: bool) -> Self {
        if !caches_texts
            && self.wanted.contains(index)
            && matches!(self.state, State::Cached(..))
            && !matches!(location::text(self.request, scheme), Credential::Absent)
        {
            self.state = State::Unknown;
        }
        self
    }

    /// Returns the position of the scheme, and the identity of the cached credential.
    #[must_use]
    pub fn identity(self) -> Option<(usize, Identity)> {
        match self.state {
            State::Cached(index, identity) => Some((index, identity)),
            State::None | State::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::Request;

    use super::{Identity, OnlyCredential, SchemeSet, SecurityScheme};
    use crate::{
        authenticate::Context,
        declared::{ApiKeyLocation, DeclaredNames, SchemeKind},
    };

    static NAMES: DeclaredNames = DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] };
    const TOKEN: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
    const KEY: SecurityScheme = named(ApiKeyLocation::Header, "X-API-Key");
    const COOKIE: SecurityScheme = named(ApiKeyLocation::Cookie, "session");
    const ALL: SchemeSet = SchemeSet::first(3);
    const BEARER: (&str, &str) = ("Authorization", "Bearer a");
    const API_KEY: (&str, &str) = ("X-API-Key", "k");

    const fn named(location: ApiKeyLocation, name: &'static str) -> SecurityScheme {
        SecurityScheme::new(name, SchemeKind::ApiKey { location, name })
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value)).finish()
    }

    /// A cache with this text and no other.
    fn cache(known: &'static str) -> impl FnOnce(&[u8]) -> Option<Identity> {
        move |text| (text == known.as_bytes()).then(|| Context::new(&NAMES).identity("tests", known).build())
    }

    fn empty(_: &[u8]) -> Option<Identity> {
        None
    }

    fn found(credential: OnlyCredential<'_>) -> Option<(usize, String)> {
        credential.identity().map(|(scheme, identity)| (scheme, identity.subject().to_owned()))
    }

    #[test]
    fn the_only_credential_is_found_if_it_is_cached() {
        let request = request(&[API_KEY]);
        let only = || OnlyCredential::new(&request, ALL).or_of(0, &TOKEN, true, cache("a"));
        let key = only().or_of(1, &KEY, true, cache("k")).unless_of(1, &KEY, true).unless_of(2, &COOKIE, false);
        assert_eq!(found(key), Some((1, "k".to_owned())));
        assert_eq!(found(only().or_of(1, &KEY, true, empty)), None);
        assert_eq!(found(only()), None);
    }

    #[test]
    fn a_scheme_that_is_not_wanted_or_caches_nothing_is_not_asked() {
        let request = request(&[BEARER]);
        let wanted = SchemeSet::EMPTY.with(1);
        assert_eq!(found(OnlyCredential::new(&request, wanted).or_of(0, &TOKEN, true, cache("a"))), None);
        assert_eq!(found(OnlyCredential::new(&request, ALL).or_of(0, &TOKEN, false, cache("a"))), None);
    }

    #[test]
    fn a_cookie_is_left_to_the_check_of_its_origin() {
        let request = request(&[("Cookie", "session=k")]);
        assert_eq!(found(OnlyCredential::new(&request, ALL).or_of(2, &COOKIE, true, cache("k"))), None);
    }

    #[test]
    fn several_credentials_are_not_one() {
        let request = request(&[BEARER, API_KEY]);
        let token = || OnlyCredential::new(&request, ALL).or_of(0, &TOKEN, true, cache("a"));
        assert_eq!(found(token().or_of(1, &KEY, true, cache("k"))), None);
        assert_eq!(found(token().unless_of(1, &KEY, false)), None);
        let unknown = OnlyCredential::new(&request, ALL).or_of(0, &TOKEN, true, empty);
        assert_eq!(found(unknown.or_of(1, &KEY, true, cache("k"))), None);
    }

    #[test]
    fn a_second_credential_of_a_scheme_that_is_not_wanted_is_ignored() {
        let request = request(&[BEARER, API_KEY]);
        let token = OnlyCredential::new(&request, SchemeSet::first(1)).or_of(0, &TOKEN, true, cache("a"));
        assert_eq!(found(token.unless_of(1, &KEY, false)), Some((0, "a".to_owned())));
    }
}
