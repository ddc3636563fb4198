//! The `WWW-Authenticate` challenges of a rejection (RFC 9110, section 11.6.1).

use std::fmt::Write;

use poem::http::HeaderValue;

use crate::{
    declared::AuthSchema,
    declared::{SchemeKind, SchemeSet, SecurityScheme},
};

/// What is wrong with a bearer token (RFC 6750, section 3.1; RFC 9470, section 3).
#[derive(Debug, Clone)]
pub(crate) enum ErrorCode {
    InvalidRequest,
    InvalidToken,
    InsufficientScope { scopes: Vec<&'static str> },
    InsufficientUserAuthentication { max_age: u64 },
}

/// One challenge for each accepted scheme, without errors.
pub(crate) fn plain<A: AuthSchema>(accepted: SchemeSet) -> Vec<HeaderValue> {
    each::<A>(accepted, |_| None)
}

/// One for each accepted scheme; the one that the caller used says what was wrong.
pub(crate) fn with_error<A: AuthSchema>(
    accepted: SchemeSet,
    used: Option<usize>,
    error: &ErrorCode,
) -> Vec<HeaderValue> {
    each::<A>(accepted, |index| shares_place::<A>(used, index).then_some(error))
}

/// Only that of the scheme that the caller used, if it can say what was wrong.
pub(crate) fn only<A: AuthSchema>(used: Option<usize>, error: &ErrorCode) -> Vec<HeaderValue> {
    let scheme = used.and_then(|index| A::SCHEMES.get(index)).filter(|scheme| scheme.is_bearer());
    scheme.map(|scheme| challenge(scheme, A::REALM, Some(error))).into_iter().collect()
}

/// Only that of bearer tokens, if they are accepted: the only scheme with a word for what was wrong.
pub(crate) fn only_bearer<A: AuthSchema>(accepted: SchemeSet, error: &ErrorCode) -> Vec<HeaderValue> {
    let bearer = accepted.iter().find(|index| A::SCHEMES.get(*index).is_some_and(SecurityScheme::is_bearer));
    only::<A>(bearer, error)
}

fn each<'a, A: AuthSchema>(accepted: SchemeSet, error: impl Fn(usize) -> Option<&'a ErrorCode>) -> Vec<HeaderValue> {
    let mut challenges = Vec::new();
    for (index, scheme) in A::SCHEMES.iter().enumerate().filter(|(index, _)| accepted.contains(*index)) {
        let challenge = challenge(scheme, A::REALM, error(index));
        if !challenges.contains(&challenge) {
            challenges.push(challenge);
        }
    }
    challenges
}

/// Two schemes of one place have one challenge.
fn shares_place<A: AuthSchema>(used: Option<usize>, index: usize) -> bool {
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
            format!("ApiKey realm={realm}, in=\"{}\", name={}", location.as_str(), quoted(name))
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
