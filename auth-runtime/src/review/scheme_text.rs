//! A security scheme as `access.lock` writes it.

use std::fmt::Write as _;

use crate::declared::{ApiKeyLocation, MAX_CREDENTIAL_LEN, SchemeKind, SecurityScheme};

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
