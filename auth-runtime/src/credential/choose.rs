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
    let mut places = Vec::new();
    for (index, credential) in found.iter().enumerate().filter(|(index, _)| counts(schemes[*index].place())) {
        match credential {
            Credential::Absent => {}
            Credential::Malformed(malformed) => return Choice::Malformed(index, *malformed),
            Credential::Found(()) => places.push((schemes[index].place(), index)),
        }
    }
    match places.first() {
        None => Choice::None,
        Some((first, _)) if places.iter().any(|(place, _)| place != first) => Choice::Several,
        Some(_) => Choice::One(places.iter().map(|(_, index)| *index).collect()),
    }
}

/// A caller who sends a scheme that nobody reads has tried to authenticate, and must not become anonymous, nor
/// whoever a cookie says.
fn is_unsupported(request: &Request, accepted: SchemeSet, schemes: &[SecurityScheme]) -> bool {
    let reads = |used: &str, index: usize| matches!(schemes[index].place(), Place::Authorization(name) if name.eq_ignore_ascii_case(used));
    authorization::scheme(request)
        .is_some_and(|used| !(0..schemes.len()).any(|index| accepted.contains(index) && reads(used, index)))
}
