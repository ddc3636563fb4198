//! The names in a requirement, and the lists of scopes or roles that are necessary.

use super::{Node, Requirement};
use crate::declared::{AuthSchema, SchemeSet};

/// Maximum number of alternatives. Beyond it, only the description lists the scopes.
const MAX_ALTERNATIVES: usize = 16;

impl<A: AuthSchema> Requirement<A> {
    /// Returns the scopes in the requirement, except below a `not`.
    pub(crate) fn scopes(&self) -> Vec<&'static str> {
        self.names(&|node| if let Node::Scope { name, .. } = node { Some(*name) } else { None })
    }

    /// Returns the names that `pick` takes from the clauses, each once. Clauses below a `not` are not required.
    pub(crate) fn names(&self, pick: &impl Fn(&Node<A>) -> Option<&'static str>) -> Vec<&'static str> {
        let node = self.node();
        let mut names: Vec<_> = pick(&node).into_iter().collect();
        if let Node::All(clauses) | Node::Any(clauses) = node {
            for name in clauses.iter().flat_map(|clause| clause.names(pick)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Returns lists of scopes. A caller of these schemes needs one of them.
    pub(crate) fn scope_alternatives(&self, schemes: SchemeSet) -> Vec<Vec<&'static str>> {
        self.alternatives(schemes, &|node| if let Node::Scope { name, .. } = node { Some(*name) } else { None })
    }

    /// Returns lists of roles. A caller of these schemes needs one of them.
    pub(crate) fn role_alternatives(&self, schemes: SchemeSet) -> Vec<Vec<&'static str>> {
        self.alternatives(schemes, &|node| if let Node::Role { name, .. } = node { Some(*name) } else { None })
    }

    /// Returns lists of the names that `pick` takes: the requirement in disjunctive form. A clause that the schemes
    /// cannot meet has no list.
    fn alternatives(
        &self,
        schemes: SchemeSet,
        pick: &impl Fn(&Node<A>) -> Option<&'static str>,
    ) -> Vec<Vec<&'static str>> {
        let alternatives = match self.node() {
            _ if self.met_by(schemes) == Some(false) => Vec::new(),
            Node::Any(clauses) => clauses.iter().flat_map(|clause| clause.alternatives(schemes, pick)).collect(),
            Node::All(clauses) => {
                let each = clauses.iter().map(|clause| clause.alternatives(schemes, pick));
                each.fold(vec![Vec::new()], |left, right| both(&left, &right))
            }
            node => vec![pick(&node).into_iter().collect()],
        };
        minimal(alternatives)
    }
}

/// Joins every list of `left` with every list of `right`.
fn both(left: &[Vec<&'static str>], right: &[Vec<&'static str>]) -> Vec<Vec<&'static str>> {
    if left.len() * right.len() > MAX_ALTERNATIVES {
        return vec![Vec::new()];
    }
    let joined = |(left, right): (&Vec<&'static str>, &Vec<&'static str>)| {
        let mut joined = left.clone();
        joined.extend(right.iter().filter(|scope| !left.contains(scope)));
        joined
    };
    left.iter().flat_map(|left| right.iter().map(move |right| (left, right))).map(joined).collect()
}

/// Removes the lists that contain another list.
fn minimal(alternatives: Vec<Vec<&'static str>>) -> Vec<Vec<&'static str>> {
    let mut kept: Vec<Vec<&'static str>> = Vec::new();
    for scopes in alternatives {
        let asks_less = |less: &Vec<&'static str>, more: &[&'static str]| less.iter().all(|scope| more.contains(scope));
        if kept.iter().any(|known| asks_less(known, &scopes)) {
            continue;
        }
        kept.retain(|known| !asks_less(&scopes, known));
        kept.push(scopes);
    }
    if kept.len() > MAX_ALTERNATIVES { vec![Vec::new()] } else { kept }
}
