//! The `WWW-Authenticate` challenges of a rejection (RFC 9110, section 11.6.1).

use std::fmt::Write;

use poem::http::HeaderValue;

use crate::{
    declared::AuthSchema,
    declared::{SchemeKind, SchemeSet, SecurityScheme},
};

/// Error codes of bearer tokens (RFC 6750, section 3.1; RFC 9470, section 3).
#[derive(Debug, Clone)]
pub(crate) enum ErrorCode {
    InvalidRequest,
    InvalidToken,
    InsufficientScope {
        scopes: Vec<&'static str>,
    },
    /// `insufficient_user_authentication`, as the sign-in is too old.
    StaleAuthentication {
        max_age: u64,
    },
    /// `insufficient_user_authentication`, as the sign-in is too weak.
    WeakAuthentication {
        acr_values: &'static [&'static str],
    },
}

/// Returns one challenge for each accepted scheme, without an error.
pub(crate) fn plain<A: AuthSchema>(accepted: SchemeSet) -> Vec<HeaderValue> {
    each::<A>(accepted, |_| None)
}

/// Returns one challenge for each accepted scheme. The challenge of the used scheme has the error.
pub(crate) fn with_error<A: AuthSchema>(
    accepted: SchemeSet,
    used: Option<usize>,
    error: &ErrorCode,
) -> Vec<HeaderValue> {
    each::<A>(accepted, |index| shares_location::<A>(used, index).then_some(error))
}

/// Returns the challenge of the used scheme, if its challenges can have an error.
pub(crate) fn only<A: AuthSchema>(used: Option<usize>, error: &ErrorCode) -> Vec<HeaderValue> {
    let scheme = used.and_then(|index| A::SCHEMES.get(index)).filter(|scheme| scheme.is_bearer());
    scheme.map(|scheme| challenge(scheme, A::REALM, Some(error))).into_iter().collect()
}

/// Returns the challenge of bearer tokens, if they are accepted. No other scheme has error codes.
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

/// Schemes that read the same location share a challenge.
fn shares_location<A: AuthSchema>(used: Option<usize>, index: usize) -> bool {
    used.and_then(|used| A::SCHEMES.get(used)).is_some_and(|used| used.location() == A::SCHEMES[index].location())
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
    // All parts are visible ASCII: constants that the macros checked, or text that `quoted` escaped.
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
        ErrorCode::StaleAuthentication { max_age } => {
            ("insufficient_user_authentication", format!(", max_age={max_age}"))
        }
        ErrorCode::WeakAuthentication { acr_values } => {
            ("insufficient_user_authentication", format!(", acr_values={}", quoted(&acr_values.join(" "))))
        }
    };
    // Writing to a string cannot fail.
    let _ = write!(challenge, ", error=\"{code}\"{parameter}");
}

/// Returns a quoted-string (RFC 9110, section 5.6.4). Characters other than visible ASCII become `?`.
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
