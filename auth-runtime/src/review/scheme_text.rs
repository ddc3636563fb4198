//! A security scheme as `access.lock` writes it.

use std::fmt::Write as _;

use crate::declared::{ApiKeyLocation, MAX_CREDENTIAL_LEN, SchemeKind, SecurityScheme};

/// Returns the location of the credential of a written scheme. Two schemes with one location cannot be used together.
///
/// Names of headers have no letter case (RFC 9110, section 5.1).
pub(super) fn location(written: &str) -> String {
    let named = |start: &str| written.strip_prefix(start)?.split('"').next();
    if let Some(name) = named("api_key(header = \"") {
        return format!("header {}", name.to_ascii_lowercase());
    }
    let other = named("api_key(query = \"").map(|name| format!("query {name}"));
    let other = other.or_else(|| named("cookie = \"").map(|name| format!("cookie {name}")));
    other.unwrap_or_else(|| "header authorization".to_owned())
}

/// Returns the kind of a scheme with its options, as the attributes write it.
pub(super) fn written(scheme: &SecurityScheme) -> String {
    let mut text = kind(scheme);
    if scheme.is_ambient {
        text.push_str(", ambient");
    }
    if scheme.max_len != MAX_CREDENTIAL_LEN {
        let _ = write!(text, ", max_len = {}", scheme.max_len);
    }
    if scheme.is_silent_for_scripts {
        text.push_str(", silent_for_scripts");
    }
    text
}

/// Returns the kind of a scheme, as the attributes write it.
fn kind(scheme: &SecurityScheme) -> String {
    match scheme.kind {
        SchemeKind::Basic => "basic".to_owned(),
        SchemeKind::Bearer { .. } => "bearer".to_owned(),
        SchemeKind::OAuth2 { .. } => "oauth2".to_owned(),
        SchemeKind::OpenIdConnect { url } => format!("openid_connect(url = {url:?})"),
        SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name } => format!("cookie = {name:?}"),
        SchemeKind::ApiKey { location, name } => format!("api_key({} = {name:?})", location.as_str()),
        SchemeKind::Http { scheme } => format!("http = {scheme:?}"),
    }
}
