//! The `Authorization` header: one scheme, one space, one credential (RFC 9110, section 11.6.2).

use poem::{
    Request,
    http::header::{AUTHORIZATION, HeaderValue},
};

use super::{Credential, MAX_LEN, Malformed, text::Text};

/// What follows the scheme of this name, if the header is of that scheme.
pub(super) fn credentials(request: &Request, scheme: &str) -> Credential<Text> {
    match header(request) {
        Credential::Absent => Credential::Absent,
        Credential::Malformed(malformed) => Credential::Malformed(malformed),
        Credential::Found(header) => match split(header) {
            Ok((found, _)) if !found.eq_ignore_ascii_case(scheme) => Credential::Absent,
            Ok((_, "")) => Credential::Malformed(Malformed::Empty),
            Ok((found, _)) => Credential::Found(Text::in_header(header, found.len() + 1)),
            Err(malformed) => Credential::Malformed(malformed),
        },
    }
}

/// The name of the scheme that the request uses, in its own spelling.
pub(super) fn scheme(request: &Request) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?;
    Some(split(header).map_or("", |(scheme, _)| scheme))
}

fn header(request: &Request) -> Credential<&HeaderValue> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    match (headers.next(), headers.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Malformed(Malformed::Repeated),
        (Some(header), None) if header.len() > MAX_LEN => Credential::Malformed(Malformed::TooLong),
        (Some(header), None) => Credential::Found(header),
    }
}

/// Scheme and credential, split at the first space; the credential holds no further one in front.
fn split(header: &HeaderValue) -> Result<(&str, &str), Malformed> {
    let header = header.to_str().map_err(|_| Malformed::Characters)?;
    let (scheme, credential) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.is_empty() || scheme.contains('\t') || credential.starts_with([' ', '\t']) {
        return Err(Malformed::Characters);
    }
    Ok((scheme, credential))
}
