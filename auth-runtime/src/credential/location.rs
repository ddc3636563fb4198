//! Reads the text of a credential at the location that a scheme declares.

use poem::{
    Request,
    http::{HeaderName, HeaderValue},
};

use super::{Credential, Malformed, authorization, cookie, text::SentText};
use crate::declared::{ApiKeyLocation, CredentialLocation, SecurityScheme};

/// Returns the text at the scheme's location: sent once, not empty, and not longer than the scheme allows.
pub(super) fn text<'r>(request: &'r Request, scheme: &SecurityScheme) -> Credential<SentText<'r>> {
    text_at(request, scheme, None)
}

/// Does what [`text`] does. If the name of the scheme's header is known, it need not be parsed.
#[inline]
pub(super) fn text_at<'r>(
    request: &'r Request,
    scheme: &SecurityScheme,
    header: Option<&HeaderName>,
) -> Credential<SentText<'r>> {
    let found = match scheme.location() {
        CredentialLocation::Authorization(name) => authorization::credentials(request, name),
        CredentialLocation::Named(ApiKeyLocation::Header, name) => match header {
            Some(header) => one(request.headers().get_all(header).iter().map(whole)),
            None => one(request.headers().get_all(name).iter().map(whole)),
        },
        CredentialLocation::Named(ApiKeyLocation::Query, name) => one(parameters(request, name).map(SentText::Owned)),
        CredentialLocation::Named(ApiKeyLocation::Cookie, name) => cookie::value(request.headers(), name),
    };
    within(found, scheme.max_len)
}

/// Rejects a text that is empty, or longer than this.
#[inline]
pub(super) fn within(found: Credential<SentText<'_>>, max_len: usize) -> Credential<SentText<'_>> {
    found.and_then(|text| match text.as_bytes().len() {
        0 => Err(Malformed::Empty),
        len if len > max_len => Err(Malformed::TooLong),
        _ => Ok(text),
    })
}

/// Returns the only value. Two are malformed, as a proxy may choose another one than this service.
fn one<'r>(mut found: impl Iterator<Item = SentText<'r>>) -> Credential<SentText<'r>> {
    match (found.next(), found.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(text), None) => Credential::Found(text),
    }
}

fn whole(header: &HeaderValue) -> SentText<'_> {
    SentText::in_header(header, 0)
}

fn parameters(request: &Request, name: &str) -> impl Iterator<Item = String> {
    let parameters: Vec<(String, String)> = request.params().unwrap_or_default();
    parameters.into_iter().filter(move |(found, _)| found == name).map(|(_, value)| value)
}
