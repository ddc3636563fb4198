//! Which of the credentials that a request holds counts.

use poem::Request;

use super::{Credential, Malformed, authorization, cross_origin::is_cross_origin};
use crate::scheme::{Place, SchemeSet, SecurityScheme};

/// The credential that counts.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
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
pub fn choose(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme], found: &[Credential<()>]) -> Choice {
    let on_purpose = among(schemes, found, |place| !place.is_ambient());
    if on_purpose != Choice::None {
        return on_purpose;
    }
    if is_unsupported(request, accepted, schemes) {
        return Choice::Unsupported;
    }
    match among(schemes, found, Place::is_ambient) {
        Choice::One(chosen) if is_cross_origin(request) => {
            chosen.iter().next().map_or(Choice::None, Choice::CrossOrigin)
        }
        choice => choice,
    }
}

fn among(schemes: &[SecurityScheme], found: &[Credential<()>], counts: impl Fn(Place) -> bool) -> Choice {
    let mut choice = Choice::None;
    let mut first = None;
    for (index, credential) in found.iter().enumerate() {
        let place = schemes[index].place();
        choice = match (credential, choice) {
            (Credential::Absent, choice) => choice,
            (_, choice) if !counts(place) => choice,
            (Credential::Malformed(malformed), _) => return Choice::Malformed(index, *malformed),
            (Credential::Found(()), Choice::One(chosen)) if first == Some(place) => Choice::One(chosen.with(index)),
            (Credential::Found(()), Choice::None) => {
                first = Some(place);
                Choice::One(SchemeSet::EMPTY.with(index))
            }
            (Credential::Found(()), _) => Choice::Several,
        };
    }
    choice
}

/// A caller who sends a scheme that nobody reads has tried to authenticate, and must not become anonymous, nor
/// whoever a cookie says.
fn is_unsupported(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme]) -> bool {
    let reads = |used: &[u8], index: usize| matches!(schemes[index].place(), Place::Authorization(name) if name.as_bytes().eq_ignore_ascii_case(used));
    authorization::scheme(request)
        .is_some_and(|used| !(0..schemes.len()).any(|index| accepted.contains(index) && reads(used, index)))
}
