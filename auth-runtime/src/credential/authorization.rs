//! The `Authorization` header: one scheme, one space, one credential (RFC 9110, section 11.6.2).

use poem::{Request, http::header::AUTHORIZATION};

use super::{Credential, Malformed, text::SentText};

/// Returns what follows the scheme of this name, if the header has that scheme.
#[inline]
pub(super) fn credentials<'r>(request: &'r Request, scheme: &str) -> Credential<SentText<'r>> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else { return Credential::Absent };
    if headers.next().is_some() {
        return Credential::Malformed(Malformed::Repeated);
    }
    if starts_with(header.as_bytes(), scheme) {
        return Credential::Found(SentText::in_header(header, scheme.len() + 1));
    }
    match split(header.as_bytes()) {
        Ok((found, _)) if !found.eq_ignore_ascii_case(scheme.as_bytes()) => Credential::Absent,
        Ok((found, _)) => Credential::Found(SentText::in_header(header, found.len() + 1)),
        Err(malformed) => Credential::Malformed(malformed),
    }
}

/// Returns the name of the scheme, as the request spells it.
pub(super) fn scheme(request: &Request) -> Option<&[u8]> {
    let header = request.headers().get(AUTHORIZATION)?;
    Some(split(header.as_bytes()).map_or(b"", |(scheme, _)| scheme))
}

/// Whether a header has this scheme, one space, and a credential. It finds what [`split`] finds, for the usual header.
#[inline]
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

#[cfg(test)]
mod tests {
    use poem::{
        Request,
        http::header::{AUTHORIZATION, HeaderValue},
    };

    use super::{Credential, Malformed, credentials, scheme, starts_with};

    fn request(header: &[u8]) -> Request {
        Request::builder().header(AUTHORIZATION, HeaderValue::from_bytes(header).unwrap()).finish()
    }

    /// Returns what follows `Bearer`; `None` if the header has another scheme.
    fn bearer(header: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        match credentials(&request(header), "Bearer") {
            Credential::Absent => Ok(None),
            Credential::Found(text) => Ok(Some(text.as_bytes().to_vec())),
            Credential::Malformed(malformed) => Err(malformed),
        }
    }

    #[test]
    fn r20_a_credential_is_what_follows_its_scheme() {
        for header in ["Bearer a.b", "bearer a.b", "BEARER a.b"] {
            assert_eq!(bearer(header.as_bytes()), Ok(Some(b"a.b".to_vec())), "{header}");
        }
        // Its form is checked next: an empty one, or one with other bytes, is malformed and not absent.
        assert_eq!(bearer(b"Bearer"), Ok(Some(Vec::new())));
        assert_eq!(bearer(b"Bearer \xe9"), Ok(Some(b"\xe9".to_vec())));
    }

    #[test]
    fn r20_a_credential_of_another_scheme_is_absent() {
        for header in ["Basic YQ==", "Digest a.b", "BearerX a", "Bear a", "Bearera", "B"] {
            assert_eq!(bearer(header.as_bytes()), Ok(None), "{header}");
        }
        assert!(matches!(credentials(&Request::default(), "Bearer"), Credential::Absent));
    }

    #[test]
    fn r20_a_header_without_a_scheme_or_with_more_than_one_space_is_malformed() {
        for header in [&b" a"[..], b"Bearer  a", b"Bearer \ta", b"Bearer\ta", b"Basic  a", b"\xe9 a"] {
            assert_eq!(bearer(header), Err(Malformed::Characters), "{header:?}");
        }
        let twice = Request::builder().header(AUTHORIZATION, "Bearer a").header(AUTHORIZATION, "Bearer a").finish();
        assert!(matches!(credentials(&twice, "Bearer"), Credential::Malformed(Malformed::Repeated)));
    }

    #[test]
    fn the_scheme_is_spelled_as_in_the_request() {
        assert_eq!(scheme(&request(b"bEARER a")), Some(&b"bEARER"[..]));
        assert_eq!(scheme(&request(b" a")), Some(&b""[..]));
        assert_eq!(scheme(&Request::default()), None);
    }

    #[test]
    fn the_usual_header_is_found_without_splitting_it() {
        assert!(starts_with(b"Bearer a", "Bearer") && starts_with(b"bearer a", "Bearer"));
        for header in [&b"Bearer"[..], b"Bearer ", b"Bearer  a", b"Digest a", b"BearerXa", b"B"] {
            assert!(!starts_with(header, "Bearer"), "{header:?}");
        }
    }
}
