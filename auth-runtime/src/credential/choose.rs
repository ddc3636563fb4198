//! Which of the credentials that a request holds counts.

use poem::Request;

use super::{Credential, Malformed, authorization, cross_origin::is_cross_origin};
use crate::declared::{CredentialLocation, SchemeSet, SecurityScheme};

/// The credential that counts.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// There is none: an anonymous caller.
    None,
    /// One; several schemes if they look at the same place, to be tried in their order.
    One(SchemeSet),
    /// Different credentials in one request: nobody can say which identity is meant.
    Several,
    /// Something that is no credential of this scheme.
    Malformed(usize, Malformed),
    /// An `Authorization` header of a scheme that is not accepted.
    Unsupported,
    /// A cookie that a page of another site makes the browser send.
    CrossOrigin(usize),
}

/// Chooses from what was found for each scheme, in their order.
///
/// What a caller sends on purpose (a header, the query) comes before what a browser adds (a cookie), so that a page
/// that sends a token is judged by it alone.
#[must_use]
pub fn choose(
    request: &Request,
    accepted: SchemeSet,
    schemes: &[SecurityScheme],
    found: &[Credential<()>],
) -> Selection {
    let on_purpose = among(schemes, found, |place| !place.is_ambient());
    if on_purpose != Selection::None {
        return on_purpose;
    }
    if is_unsupported(request, accepted, schemes) {
        return Selection::Unsupported;
    }
    match among(schemes, found, CredentialLocation::is_ambient) {
        Selection::One(chosen) if is_cross_origin(request) => {
            chosen.iter().next().map_or(Selection::None, Selection::CrossOrigin)
        }
        choice => choice,
    }
}

fn among(
    schemes: &[SecurityScheme],
    found: &[Credential<()>],
    counts: impl Fn(CredentialLocation) -> bool,
) -> Selection {
    let mut choice = Selection::None;
    let mut first = None;
    for (index, credential) in found.iter().enumerate() {
        let place = schemes[index].place();
        choice = match (credential, choice) {
            (Credential::Absent, choice) => choice,
            (_, choice) if !counts(place) => choice,
            (Credential::Malformed(malformed), _) => return Selection::Malformed(index, *malformed),
            (Credential::Found(()), Selection::One(chosen)) if first == Some(place) => {
                Selection::One(chosen.with(index))
            }
            (Credential::Found(()), Selection::None) => {
                first = Some(place);
                Selection::One(SchemeSet::EMPTY.with(index))
            }
            (Credential::Found(()), _) => Selection::Several,
        };
    }
    choice
}

/// A caller who sends a scheme that nobody reads has tried to authenticate, and must not become anonymous, nor
/// whoever a cookie says.
fn is_unsupported(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme]) -> bool {
    let reads = |used: &[u8], index: usize| matches!(schemes[index].place(), CredentialLocation::Authorization(name) if name.as_bytes().eq_ignore_ascii_case(used));
    authorization::scheme(request)
        .is_some_and(|used| !(0..schemes.len()).any(|index| accepted.contains(index) && reads(used, index)))
}
