//! The `Authorization` header: one scheme, one space, one credential (RFC 9110, section 11.6.2).

use poem::{
    Request,
    http::header::{AUTHORIZATION, HeaderValue},
};

use super::{Credential, Malformed, text::Text};

/// Returns what follows the scheme of this name, if the header has that scheme.
pub(super) fn credentials<'r>(request: &'r Request, scheme: &str) -> Credential<Text<'r>> {
    match header(request) {
        Credential::Absent => Credential::Absent,
        Credential::Malformed(malformed) => Credential::Malformed(malformed),
        Credential::Found(header) if starts_with(header.as_bytes(), scheme) => {
            Credential::Found(Text::in_header(header, scheme.len() + 1))
        }
        Credential::Found(header) => match split(header.as_bytes()) {
            Ok((found, _)) if !found.eq_ignore_ascii_case(scheme.as_bytes()) => Credential::Absent,
            Ok((found, _)) => Credential::Found(Text::in_header(header, found.len() + 1)),
            Err(malformed) => Credential::Malformed(malformed),
        },
    }
}

/// Returns the name of the scheme, as the request spells it.
pub(super) fn scheme(request: &Request) -> Option<&[u8]> {
    let header = request.headers().get(AUTHORIZATION)?;
    Some(split(header.as_bytes()).map_or(b"", |(scheme, _)| scheme))
}

fn header(request: &Request) -> Credential<&HeaderValue> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    match (headers.next(), headers.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(header), None) => Credential::Found(header),
    }
}

/// Whether a header has this scheme, one space, and a credential. It finds what [`split`] finds, for the usual header.
fn starts_with(header: &[u8], scheme: &str) -> bool {
    match header.split_at_checked(scheme.len()) {
        Some((found, [b' ', first, ..])) => {
            first.is_ascii_graphic() && (found == scheme.as_bytes() || found.eq_ignore_ascii_case(scheme.as_bytes()))
        }
        _ => false,
    }
}

/// Splits scheme and credential at the first space. The credential does not start with a space; its scheme checks the
/// rest.
fn split(header: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let end = header.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(header.len());
    let (scheme, rest) = header.split_at(end);
    let credential = match rest {
        [] => rest,
        [b' ', credential @ ..] => credential,
        _ => return Err(Malformed::Characters),
    };
    if scheme.is_empty() || matches!(credential, [b' ' | b'\t', ..]) {
        return Err(Malformed::Characters);
    }
    Ok((scheme, credential))
}
