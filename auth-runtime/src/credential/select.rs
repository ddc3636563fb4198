//! Selects the credential that counts among several.

use poem::Request;

use super::{Credential, Malformed, authorization, cross_origin::is_cross_origin};
use crate::declared::{CredentialLocation, SchemeSet, SecurityScheme};

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
    /// A cookie of this scheme, in a request that a page of another origin sent.
    CrossOrigin(usize),
}

/// Selects from the credentials that were found, in the order of the schemes.
///
/// Explicit credentials (a header, the query) take precedence over cookies, which a browser adds. So a page that sends a
/// token is authenticated by the token alone.
#[must_use]
pub fn select(
    request: &Request,
    accepted: SchemeSet,
    schemes: &[SecurityScheme],
    found: &[Credential<()>],
) -> Selection {
    let explicit = among(schemes, found, |location| !location.is_ambient());
    if explicit != Selection::None {
        return explicit;
    }
    if is_unsupported(request, accepted, schemes) {
        return Selection::Unsupported;
    }
    match among(schemes, found, CredentialLocation::is_ambient) {
        Selection::One(chosen) if is_cross_origin(request) => {
            chosen.iter().next().map_or(Selection::None, Selection::CrossOrigin)
        }
        selection => selection,
    }
}

fn among(
    schemes: &[SecurityScheme],
    found: &[Credential<()>],
    counts: impl Fn(CredentialLocation) -> bool,
) -> Selection {
    let mut selection = Selection::None;
    let mut first = None;
    for (index, credential) in found.iter().enumerate() {
        let location = schemes[index].location();
        selection = match (credential, selection) {
            (Credential::Absent, selection) => selection,
            (_, selection) if !counts(location) => selection,
            (Credential::Malformed(malformed), _) => return Selection::Malformed(index, *malformed),
            (Credential::Found(()), Selection::One(chosen)) if first == Some(location) => {
                Selection::One(chosen.with(index))
            }
            (Credential::Found(()), Selection::None) => {
                first = Some(location);
                Selection::One(SchemeSet::EMPTY.with(index))
            }
            (Credential::Found(()), _) => Selection::Several,
        };
    }
    selection
}

/// Whether the request uses a scheme that is not accepted. Such a caller tried to authenticate, so the request is neither
/// anonymous nor authenticated by a cookie.
fn is_unsupported(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme]) -> bool {
    let reads = |used: &[u8], index: usize| matches!(schemes[index].location(), CredentialLocation::Authorization(name) if name.as_bytes().eq_ignore_ascii_case(used));
    authorization::scheme(request)
        .is_some_and(|used| !(0..schemes.len()).any(|index| accepted.contains(index) && reads(used, index)))
}
