//! Reads the text of a credential at the location that a scheme declares.

use poem::Request;

use super::{Credential, Malformed, authorization, cookie, text::Text};
use crate::declared::{ApiKeyLocation, CredentialLocation, SecurityScheme};

/// Returns the text at the scheme's location: sent once, not empty, and not longer than the scheme allows.
pub(super) fn text<'r>(request: &'r Request, scheme: &SecurityScheme) -> Credential<Text<'r>> {
    let found = match scheme.location() {
        CredentialLocation::Authorization(name) => authorization::credentials(request, name),
        CredentialLocation::Named(ApiKeyLocation::Header, name) => {
            one(request.headers().get_all(name).iter().map(|value| Text::in_header(value, 0)))
        }
        CredentialLocation::Named(ApiKeyLocation::Query, name) => one(parameters(request, name).map(Text::Owned)),
        CredentialLocation::Named(ApiKeyLocation::Cookie, name) => cookie::value(request.headers(), name),
    };
    found.and_then(|text| match text.as_bytes().len() {
        0 => Err(Malformed::Empty),
        len if len > scheme.max_len => Err(Malformed::TooLong),
        _ => Ok(text),
    })
}

/// Returns the only value. Two are malformed, as a proxy may choose another one than this service.
fn one<'r>(mut found: impl Iterator<Item = Text<'r>>) -> Credential<Text<'r>> {
    match (found.next(), found.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(text), None) => Credential::Found(text),
    }
}

fn parameters(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let parameters: Vec<(String, String)> = request.params().unwrap_or_default();
    parameters.into_iter().filter(move |(found, _)| found == name).map(|(_, value)| value)
}
