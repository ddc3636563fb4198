//! The names in a requirement, and the lists of scopes that are sufficient.

use super::{Node, Requirement};
use crate::declared::AuthSchema;

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

    /// Returns lists of scopes. A caller of this scheme needs one of them: the requirement in disjunctive form. A clause
    /// that the scheme cannot meet has no list.
    pub(crate) fn scope_alternatives(&self, scheme: usize) -> Vec<Vec<&'static str>> {
        let alternatives = match self.node() {
            _ if self.met_by_scheme(scheme) == Some(false) => Vec::new(),
            Node::Scope { name, .. } => vec![vec![name]],
            Node::Any(clauses) => clauses.iter().flat_map(|clause| clause.scope_alternatives(scheme)).collect(),
            Node::All(clauses) => {
                let each = clauses.iter().map(|clause| clause.scope_alternatives(scheme));
                each.fold(vec![Vec::new()], |left, right| both(&left, &right))
            }
            _ => vec![Vec::new()],
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
