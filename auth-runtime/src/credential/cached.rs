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
