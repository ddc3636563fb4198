//! One cell of the matrix: the result of a rule for a persona.

use std::{collections::BTreeSet, fmt};

use super::{
    AccessPolicy, AccessRule, Clause, Persona,
    analysis::{Atom, Implicants, Space, TruthTable, choices, implicants, several},
};

/// Whether a rule admits a persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatrixCell {
    /// Always admitted, whatever the unknown facts are.
    Allow,
    /// Never admitted, whatever the unknown facts are.
    Deny,
    /// Admitted if one of the conditions holds.
    Depends {
        /// The smallest lists of facts that let the persona in.
        conditions: Vec<Condition>,
        /// Whether there are no other conditions.
        is_complete: bool,
    },
    /// The rule depends on more than 20 unknown facts, which are not enumerated.
    Unknown {
        /// The number of facts.
        atoms: usize,
    },
}

/// Facts that together admit a persona. Each is a clause without subclauses, or the `not` of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(Vec<Clause>);

impl Condition {
    /// Returns the facts.
    #[must_use]
    pub fn facts(&self) -> &[Clause] {
        &self.0
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fact) in self.0.iter().enumerate() {
            write!(f, "{}{fact}", if index > 0 { " and " } else { "" })?;
        }
        Ok(())
    }
}

impl AccessPolicy {
    /// Returns whether a rule admits a persona. The result is exact for up to 20 unknown facts: all their combinations
    /// are evaluated.
    ///
    /// ```
    /// use auth_runtime::review::{AccessPolicy, MatrixCell, Persona};
    /// # let policy: AccessPolicy = r#"
    /// # access-lock 1
    /// # permission "edit"
    /// # role "Administrator" holds "edit"
    /// # role "User" holds "edit"
    /// # PUT /entries/:id requires any(role("Administrator"), all(permission("edit"), check = "owns(&caller, id)"))
    /// #     operation "app::Entries::update"
    /// # "#.parse()?;
    ///
    /// let rule = &policy.rules()[0];
    /// assert_eq!(policy.cell(rule, &Persona::anonymous()), MatrixCell::Deny);
    /// assert_eq!(policy.cell(rule, &Persona::caller().role("Administrator")), MatrixCell::Allow);
    /// let MatrixCell::Depends { conditions, .. } = policy.cell(rule, &Persona::caller().role("User")) else { panic!() };
    /// assert_eq!(conditions[0].to_string(), r#"check = "owns(&caller, id)""#);
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn cell(&self, rule: &AccessRule, persona: &Persona) -> MatrixCell {
        match rule.anonymous() {
            _ if !persona.is_anonymous() => self.cell_of(rule.signed_in(), persona),
            Some(requirement) => self.cell_of(&requirement, persona),
            None => MatrixCell::Deny,
        }
    }

    pub(super) fn cell_of(&self, requirement: &Clause, persona: &Persona) -> MatrixCell {
        let facts = persona.facts(self);
        let mut open = Vec::new();
        requirement.visit(&mut |leaf| {
            if facts.decides(leaf).is_none() {
                open.extend(Atom::each(leaf));
            }
        });
        match Space::new(open) {
            Err(atoms) => MatrixCell::Unknown { atoms },
            Ok(space) => {
                let known = |leaf: &Clause| facts.decides(leaf).map(|is_met| space.constant(is_met));
                let table = space.evaluate(requirement, &|leaf| known(leaf).unwrap_or_else(|| space.leaf(leaf)));
                let several = several(self, requirement);
                let possible = space.possible(&self.scheme_names(), &several);
                match persona.several_schemes() {
                    None => cell(&space, &table, &possible),
                    Some(held) => cell(&space, &best_choice(&space, &table, &held, &several), &possible),
                }
            }
        }
    }
}

/// Returns the result for a caller that chooses which of its credentials it sends.
fn best_choice(space: &Space<'_>, table: &TruthTable, held: &BTreeSet<&str>, several: &[BTreeSet<&str>]) -> TruthTable {
    let choices = choices(held, several);
    choices.iter().fold(space.constant(false), |result, choice| result.or(&space.with_schemes(table, choice)))
}

fn cell(space: &Space<'_>, table: &TruthTable, possible: &TruthTable) -> MatrixCell {
    if possible.implies(table) {
        return MatrixCell::Allow;
    }
    if possible.clone().and(table).is_false() {
        return MatrixCell::Deny;
    }
    let Implicants { sets, is_complete } = implicants(table, possible, space.atoms().len());
    let condition = |holds: u32, lacks: u32| {
        let facts = space.atoms().iter().enumerate().filter_map(|(index, atom)| {
            match (holds >> index & 1, lacks >> index & 1) {
                (1, _) => Some(atom.clause()),
                (_, 1) => Some(Clause::not(atom.clause())),
                _ => None,
            }
        });
        Condition(facts.collect())
    };
    let conditions = sets.into_iter().map(|set| condition(set.holds, set.lacks)).collect();
    MatrixCell::Depends { conditions, is_complete }
}
