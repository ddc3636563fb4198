//! The credentials that a rule needs: one, or several that must all be present and valid.
//!
//! `all(schemes("token"), schemes("key"))` needs two credentials, because no scheme meets both clauses. Each clause of
//! the outermost `all` that consists of schemes alone counts: it narrows the first credential with which it shares a
//! scheme, or else needs one more. The caller is the one of the first credential. Roles, permissions and all other
//! clauses are about that caller.

use super::{Node, Requirement};
use crate::declared::{AuthSchema, SchemeSet};

/// Maximum number of credentials of a rule.
const MAX: usize = 4;

/// For each credential that a request needs, the schemes of which one must carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeededCredentials {
    schemes: [SchemeSet; MAX],
    len: usize,
}

impl NeededCredentials {
    /// No credential.
    pub(super) const NONE: Self = Self { schemes: [SchemeSet::EMPTY; MAX], len: 0 };

    /// Returns one credential, of one of these schemes.
    pub(super) const fn one(schemes: SchemeSet) -> Self {
        Self::NONE.and(schemes)
    }

    /// Returns the schemes of each credential.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SchemeSet> {
        self.schemes.iter().take(self.len).copied()
    }

    /// Returns how many credentials a request needs.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the schemes of all credentials.
    pub(super) const fn all(&self) -> SchemeSet {
        let mut all = SchemeSet::EMPTY;
        let mut i = 0;
        while i < self.len {
            all = all.union(self.schemes[i]);
            i += 1;
        }
        all
    }

    /// Returns these credentials and one more.
    const fn and(mut self, schemes: SchemeSet) -> Self {
        assert!(self.len < MAX, "a rule can require at most 4 credentials");
        self.schemes[self.len] = schemes;
        self.len += 1;
        self
    }

    /// Narrows the first credential that can have one of the schemes, or adds a credential.
    const fn narrowed(mut self, schemes: SchemeSet) -> Self {
        let mut i = 0;
        while i < self.len {
            let both = self.schemes[i].intersection(schemes);
            if !both.is_empty() {
                self.schemes[i] = both;
                return self;
            }
            i += 1;
        }
        self.and(schemes)
    }
}

impl<A: AuthSchema> Requirement<A> {
    /// Returns the credentials that meet this requirement; none if no request can meet it.
    pub(crate) const fn credentials(&self) -> NeededCredentials {
        let one = self.schemes();
        if !one.is_empty() {
            return NeededCredentials::one(one);
        }
        let several = self.gather(NeededCredentials::NONE);
        // Fewer than two are not met here: `schemes` found no scheme that meets the rule alone.
        if self.can_be_met(&several, 0, SchemeSet::EMPTY) { several } else { NeededCredentials::NONE }
    }

    /// Collects the clauses of schemes alone from the outermost `all`.
    const fn gather(&self, mut known: NeededCredentials) -> NeededCredentials {
        let Node::All(clauses) = self.node else {
            return match self.schemes_alone() {
                Some(schemes) => known.narrowed(schemes),
                None => known,
            };
        };
        let mut i = 0;
        while i < clauses.len() {
            known = clauses[i].gather(known);
            i += 1;
        }
        known
    }

    /// Returns the schemes of a clause that is a scheme, or an `any` of schemes.
    const fn schemes_alone(&self) -> Option<SchemeSet> {
        match self.node {
            // A name that is not declared is an error of its own.
            Node::Scheme { index: u16::MAX, .. } => None,
            Node::Scheme { index, .. } => Some(SchemeSet::EMPTY.with(index as usize)),
            Node::Any(clauses) => {
                let (mut all, mut i) = (SchemeSet::EMPTY, 0);
                while i < clauses.len() {
                    match clauses[i].schemes_alone() {
                        Some(schemes) => all = all.union(schemes),
                        None => return None,
                    }
                    i += 1;
                }
                Some(all)
            }
            _ => None,
        }
    }

    /// Whether one scheme of each credential can be chosen so that one request can have all, and meet the requirement.
    const fn can_be_met(&self, needed: &NeededCredentials, credential: usize, chosen: SchemeSet) -> bool {
        if credential == needed.len {
            return !matches!(self.met_by(chosen), Some(false));
        }
        let mut scheme = 0;
        while scheme < A::SCHEMES.len() {
            let fits = needed.schemes[credential].contains(scheme) && stands_beside::<A>(scheme, chosen);
            if fits && self.can_be_met(needed, credential + 1, chosen.with(scheme)) {
                return true;
            }
            scheme += 1;
        }
        false
    }
}

/// Whether a request can have the credential of a scheme beside those of other schemes: at another location.
const fn stands_beside<A: AuthSchema>(scheme: usize, others: SchemeSet) -> bool {
    let mut other = 0;
    while other < A::SCHEMES.len() {
        if others.contains(other) && A::SCHEMES[scheme].shares_location(&A::SCHEMES[other]) {
            return false;
        }
        other += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::NeededCredentials;
    use crate::declared::SchemeSet;

    fn of_four_schemes() -> NeededCredentials {
        (0..4).fold(NeededCredentials::NONE, |needed, scheme| needed.narrowed(SchemeSet::EMPTY.with(scheme)))
    }

    #[test]
    fn a_rule_can_need_four_credentials() {
        let needed = of_four_schemes();
        assert_eq!((needed.len(), needed.all()), (4, SchemeSet::first(4)));
        assert_eq!(needed.iter().collect::<Vec<_>>(), (0..4).map(|one| SchemeSet::EMPTY.with(one)).collect::<Vec<_>>());
        assert_eq!(needed.narrowed(SchemeSet::first(4)), needed, "the first has one of them already");
    }

    #[test]
    #[should_panic(expected = "a rule can require at most 4 credentials")]
    fn a_rule_cannot_need_five_credentials() {
        let _ = of_four_schemes().narrowed(SchemeSet::EMPTY.with(4));
    }
}
