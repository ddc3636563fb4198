//! The `WWW-Authenticate` challenges of a rejection (RFC 9110, section 11.6.1).

use std::fmt::Write;

use poem::http::HeaderValue;

use crate::{
    declared::{AuthSchema, SchemeKind, SecurityScheme},
    policy::EnforcementPoint,
};

/// Length in bytes that most challenges do not exceed.
const USUAL_LENGTH: usize = 96;

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

impl ErrorCode {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::StaleAuthentication { .. } | Self::WeakAuthentication { .. } => "insufficient_user_authentication",
        }
    }
}

/// Returns one challenge for each accepted scheme, without an error.
pub(crate) fn plain<A: AuthSchema>(point: EnforcementPoint<A>) -> Vec<HeaderValue> {
    each(point, |_| None)
}

/// Returns one challenge for each accepted scheme. The challenge of the used scheme has the error.
pub(crate) fn with_error<A: AuthSchema>(
    point: EnforcementPoint<A>,
    used: Option<usize>,
    error: &ErrorCode,
) -> Vec<HeaderValue> {
    each(point, |index| shares_location::<A>(used, index).then_some(error))
}

/// Returns the challenge of the used scheme, if its challenges can have an error.
pub(crate) fn only<A: AuthSchema>(used: Option<usize>, error: &ErrorCode) -> Vec<HeaderValue> {
    let scheme = used.and_then(|index| A::SCHEMES.get(index)).filter(|scheme| scheme.is_bearer());
    scheme.map(|scheme| challenge(scheme, A::REALM, false, Some(error))).into_iter().collect()
}

/// Returns the challenge of bearer tokens, if they are accepted. No other scheme has error codes.
pub(crate) fn only_bearer<A: AuthSchema>(point: EnforcementPoint<A>, error: &ErrorCode) -> Vec<HeaderValue> {
    let bearer = point.accepted.iter().find(|index| A::SCHEMES.get(*index).is_some_and(SecurityScheme::is_bearer));
    only::<A>(bearer, error)
}

fn each<'a, A: AuthSchema>(
    point: EnforcementPoint<A>,
    error: impl Fn(usize) -> Option<&'a ErrorCode>,
) -> Vec<HeaderValue> {
    let mut challenges = Vec::new();
    for (index, scheme) in A::SCHEMES.iter().enumerate().filter(|(index, _)| point.accepted.contains(*index)) {
        let challenge = challenge(scheme, A::REALM, point.is_silent, error(index));
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

fn challenge(scheme: &SecurityScheme, realm: &str, is_silent: bool, error: Option<&ErrorCode>) -> HeaderValue {
    let mut challenge = String::with_capacity(USUAL_LENGTH);
    let name = match scheme.kind {
        // No browser knows this scheme, so none opens a window. A 401 needs a challenge (RFC 9110, section 11.6.1).
        SchemeKind::Basic if is_silent && scheme.is_silent_for_scripts => "xBasic",
        SchemeKind::Basic => "Basic",
        SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => "Bearer",
        SchemeKind::Http { scheme } => scheme,
        SchemeKind::ApiKey { .. } => "ApiKey",
    };
    challenge.push_str(name);
    push_quoted(&mut challenge, " realm=", realm);
    match scheme.kind {
        SchemeKind::Basic if name == "Basic" => challenge.push_str(", charset=\"UTF-8\""),
        SchemeKind::ApiKey { location, name } => {
            push_quoted(&mut challenge, ", in=", location.as_str());
            push_quoted(&mut challenge, ", name=", name);
        }
        _ => {}
    }
    if let Some(error) = error.filter(|_| scheme.is_bearer()) {
        push_error(&mut challenge, error);
    }
    // All parts are visible ASCII: constants that the macros checked, or text that `push_quoted` escaped.
    HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
}

fn push_error(challenge: &mut String, error: &ErrorCode) {
    push_quoted(challenge, ", error=", error.as_str());
    match error {
        ErrorCode::InsufficientScope { scopes } if !scopes.is_empty() => {
            push_quoted(challenge, ", scope=", &scopes.join(" "));
        }
        ErrorCode::StaleAuthentication { max_age } => {
            // Writing to a string cannot fail.
            let _ = write!(challenge, ", max_age={max_age}");
        }
        ErrorCode::WeakAuthentication { acr_values } => {
            push_quoted(challenge, ", acr_values=", &acr_values.join(" "));
        }
        ErrorCode::InvalidRequest | ErrorCode::InvalidToken | ErrorCode::InsufficientScope { .. } => {}
    }
}

/// Appends a parameter whose value is a quoted-string (RFC 9110, section 5.6.4). Characters other than visible ASCII
/// become `?`.
fn push_quoted(challenge: &mut String, parameter: &str, value: &str) {
    challenge.push_str(parameter);
    challenge.push('"');
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        challenge.push_str(value);
    } else {
        push_escaped(challenge, value);
    }
    challenge.push('"');
}

fn push_escaped(challenge: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '"' | '\\' => challenge.extend(['\\', character]),
            ' '..='~' => challenge.push(character),
            _ => challenge.push('?'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_quoted;

    #[test]
    fn r13_nothing_leaves_a_quoted_string() {
        for (value, quoted) in [
            ("a \"b\" \\ \r\nSet-Cookie: x\u{7f}ä", r#" realm="a \"b\" \\ ??Set-Cookie: x??""#),
            ("a b~", r#" realm="a b~""#),
            ("a\\", r#" realm="a\\""#),
            ("a\"", r#" realm="a\"""#),
            ("a\u{7f}", r#" realm="a?""#),
        ] {
            let mut challenge = String::new();
            push_quoted(&mut challenge, " realm=", value);
            assert_eq!(challenge, quoted);
        }
    }
}
