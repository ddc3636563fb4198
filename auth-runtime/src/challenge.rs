//! The `WWW-Authenticate` challenges of a rejection (RFC 9110, section 11.6.1).

use std::{fmt::Write, marker::PhantomData};

use poem::http::HeaderValue;

use crate::{
    authenticate::Authority,
    scheme::{Location, SchemeKind, SchemeSet, SecurityScheme},
};

/// What is wrong with a bearer token (RFC 6750, section 3.1; RFC 9470, section 3).
#[derive(Debug, Clone)]
pub(crate) enum ErrorCode {
    InvalidRequest,
    InvalidToken,
    InsufficientScope { scopes: Vec<&'static str> },
    InsufficientUserAuthentication { max_age: u64 },
}

/// The challenges of the schemes that an operation accepts.
pub(crate) struct Challenges<A> {
    accepted: SchemeSet,
    authority: PhantomData<A>,
}

impl<A: Authority> Challenges<A> {
    pub(crate) fn new(accepted: SchemeSet) -> Self {
        Self { accepted, authority: PhantomData }
    }

    /// One for each scheme, without errors.
    pub(crate) fn plain(&self) -> Vec<HeaderValue> {
        self.with(None, None)
    }

    /// One for each scheme; the one that the caller used says what was wrong.
    pub(crate) fn with(&self, used: Option<usize>, error: Option<ErrorCode>) -> Vec<HeaderValue> {
        let mut challenges = Vec::new();
        for index in self.schemes() {
            let error = error.as_ref().filter(|_| shares_place::<A>(used, index));
            let challenge = challenge(&A::SCHEMES[index], A::REALM, error);
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        challenges
    }

    /// Only that of the scheme that the caller used, if it can say what was wrong.
    pub(crate) fn only(&self, used: Option<usize>, error: Option<ErrorCode>) -> Vec<HeaderValue> {
        let scheme = used.and_then(|index| A::SCHEMES.get(index)).filter(|scheme| scheme.is_bearer());
        scheme.map(|scheme| challenge(scheme, A::REALM, error.as_ref())).into_iter().collect()
    }

    /// That of bearer tokens, if they are accepted: the only scheme with a word for this.
    pub(crate) fn bearer_only(&self, error: ErrorCode) -> Vec<HeaderValue> {
        self.only(self.schemes().find(|index| A::SCHEMES[*index].is_bearer()), Some(error))
    }

    fn schemes(&self) -> impl Iterator<Item = usize> {
        self.accepted.iter().filter(|index| *index < A::SCHEMES.len())
    }
}

/// Two schemes of one place have one challenge.
fn shares_place<A: Authority>(used: Option<usize>, index: usize) -> bool {
    used.and_then(|used| A::SCHEMES.get(used)).is_some_and(|used| used.place() == A::SCHEMES[index].place())
}

fn challenge(scheme: &SecurityScheme, realm: &str, error: Option<&ErrorCode>) -> HeaderValue {
    let realm = quoted(realm);
    let mut challenge = match scheme.kind {
        SchemeKind::Basic => format!("Basic realm={realm}, charset=\"UTF-8\""),
        SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
            format!("Bearer realm={realm}")
        }
        SchemeKind::Http { scheme } => format!("{scheme} realm={realm}"),
        SchemeKind::ApiKey { location, name } => {
            format!("ApiKey realm={realm}, in=\"{}\", name={}", place(location), quoted(name))
        }
    };
    if let Some(error) = error.filter(|_| scheme.is_bearer()) {
        push_error(&mut challenge, error);
    }
    // All parts are visible ASCII: constants that the macros checked, or text that `quoted` cleaned.
    HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
}

fn push_error(challenge: &mut String, error: &ErrorCode) {
    let (code, parameter) = match error {
        ErrorCode::InvalidRequest => ("invalid_request", String::new()),
        ErrorCode::InvalidToken => ("invalid_token", String::new()),
        ErrorCode::InsufficientScope { scopes } if scopes.is_empty() => ("insufficient_scope", String::new()),
        ErrorCode::InsufficientScope { scopes } => {
            ("insufficient_scope", format!(", scope={}", quoted(&scopes.join(" "))))
        }
        ErrorCode::InsufficientUserAuthentication { max_age } => {
            ("insufficient_user_authentication", format!(", max_age={max_age}"))
        }
    };
    // Writing to a string cannot fail.
    let _ = write!(challenge, ", error=\"{code}\"{parameter}");
}

pub(crate) const fn place(location: Location) -> &'static str {
    match location {
        Location::Header => "header",
        Location::Query => "query",
        Location::Cookie => "cookie",
    }
}

/// A quoted-string (RFC 9110, section 5.6.4) of what is visible ASCII in `text`; anything else becomes `?`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn r13_nothing_leaves_a_quoted_string() {
        assert_eq!(quoted("a \"b\" \\ \r\nSet-Cookie: x\u{7f}ä"), r#""a \"b\" \\ ??Set-Cookie: x??""#);
    }
}
