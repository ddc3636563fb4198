//! Selects the credential that counts among several.

use poem::Request;

use super::{Credential, Malformed, authorization, cross_origin::is_cross_origin};
use crate::declared::{CredentialLocation, Precedence, SchemeSet, SecurityScheme};

/// The selected credential.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// None: the caller is anonymous.
    None,
    /// One. Several schemes can read its location; they are tried in their order.
    One(SchemeSet),
    /// Different credentials in one request: the identity is ambiguous.
    Several,
    /// A malformed credential of this scheme.
    Malformed(usize, Malformed),
    /// An `Authorization` header with a scheme that is not accepted.
    Unsupported,
    /// A cookie or a proxy's header of this scheme, in a request that a page of another origin sent.
    CrossOrigin(usize),
}

/// Selects from the credentials that were found, in the order of the schemes.
///
/// Explicit credentials (a header, the query) take precedence over those that a proxy or a browser adds. So a page that
/// sends a token is authenticated by the token alone. The header of a proxy takes precedence over cookies.
#[must_use]
pub fn select(
    request: &Request,
    accepted: SchemeSet,
    schemes: &[SecurityScheme],
    found: &[Credential<()>],
) -> Selection {
    let explicit = among(schemes, found, Precedence::Explicit);
    if explicit != Selection::None {
        return explicit;
    }
    if is_unsupported(request, accepted, schemes) {
        return Selection::Unsupported;
    }
    let ambient = match among(schemes, found, Precedence::Proxy) {
        Selection::None => among(schemes, found, Precedence::Cookie),
        selection => selection,
    };
    match ambient {
        Selection::One(chosen) if is_cross_origin(request) => {
            chosen.iter().next().map_or(Selection::None, Selection::CrossOrigin)
        }
        selection => selection,
    }
}

/// Selects from the credentials of one precedence.
///
/// Schemes of one location read the same text. It is malformed if none of them can read it.
fn among(schemes: &[SecurityScheme], found: &[Credential<()>], precedence: Precedence) -> Selection {
    let counts = |index: &usize| schemes[*index].precedence() == precedence;
    let location = |index: usize| schemes[index].location();
    let read: SchemeSet =
        (0..found.len()).filter(counts).filter(|index| matches!(found[*index], Credential::Found(()))).collect();
    for index in (0..found.len()).filter(counts) {
        match found[index] {
            Credential::Malformed(malformed) if !read.iter().any(|read| location(read) == location(index)) => {
                return Selection::Malformed(index, malformed);
            }
            _ => {}
        }
    }
    match read.iter().next() {
        None => Selection::None,
        Some(first) if read.iter().skip(1).all(|index| location(index) == location(first)) => Selection::One(read),
        Some(_) => Selection::Several,
    }
}

/// Whether the request uses a scheme that is not accepted. Such a caller tried to authenticate, so the request is
/// neither anonymous nor authenticated by a cookie.
fn is_unsupported(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme]) -> bool {
    let reads = |used: &[u8], index: usize| matches!(schemes[index].location(), CredentialLocation::Authorization(name) if name.as_bytes().eq_ignore_ascii_case(used));
    authorization::scheme(request)
        .is_some_and(|used| !(0..schemes.len()).any(|index| accepted.contains(index) && reads(used, index)))
}
