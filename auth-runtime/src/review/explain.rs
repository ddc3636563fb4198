//! The result of each clause of a requirement for a persona.

use std::fmt;

use super::{
    AccessPolicy, AccessRule, Clause, ExplainedClause, MatrixCell, Persona, RuleAccess, Target,
    analysis::{choices, several},
    persona::PersonaFacts,
};

/// The reason why a rule admits or denies a persona: the tree of its requirement with the result of each clause.
///
/// ```
/// use auth_runtime::review::{AccessPolicy, Persona};
/// # let policy: AccessPolicy = r#"
/// # access-lock 1
/// # permission "edit"
/// # role "Administrator" holds "edit"
/// # role "Viewer" holds
/// # PUT /entries/:id requires any(role("Administrator"), all(permission("edit"), check = "owns(&caller, id)"))
/// #     operation "app::Entries::update"
/// # "#.parse()?;
///
/// let explanation = policy.explain(&policy.rules()[0], &Persona::caller().role("Viewer"));
/// assert_eq!(
///     explanation.to_string(),
///     r#"PUT /entries/:id for role("Viewer"): denied
/// no   any
/// no     role("Administrator")
/// no     all
/// no       permission("edit") (Administrator holds it)
/// ?        check = "owns(&caller, id)"
/// "#
/// );
/// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The target of the call.
    pub target: Target,
    /// The caller.
    pub persona: Persona,
    /// Whether the caller is admitted.
    pub cell: MatrixCell,
    /// The access of the rule, if it has no requirement and so admits all callers.
    pub open: Option<RuleAccess>,
    /// The results of the clauses.
    pub clauses: Option<ExplainedClause>,
}

impl AccessPolicy {
    /// Returns the result of each clause of a rule for a persona.
    #[must_use]
    pub fn explain(&self, rule: &AccessRule, persona: &Persona) -> Explanation {
        let requirement = if persona.is_anonymous() { rule.anonymous() } else { Some(rule.signed_in().clone()) };
        let sender = self.sender(rule.signed_in(), persona);
        let facts = sender.facts(self);
        let is_open = rule.requirement().is_none();
        Explanation {
            target: rule.target.clone(),
            persona: persona.clone(),
            cell: self.cell(rule, persona),
            open: is_open.then(|| rule.access.clone()),
            clauses: requirement.filter(|_| !is_open).map(|clause| self.explained(&clause, &sender, &facts)),
        }
    }

    /// Returns the persona with the credentials that it sends: of several, those that lead furthest.
    fn sender(&self, requirement: &Clause, persona: &Persona) -> Persona {
        let Some(held) = persona.several_schemes() else { return persona.clone() };
        let several = several(self, requirement);
        let senders = choices(&held, &several).into_iter().map(|choice| persona.sending(&choice));
        let rank = |sender: &Persona| match self.cell_of(requirement, sender) {
            MatrixCell::Allow => 2,
            MatrixCell::Depends { .. } | MatrixCell::Unknown { .. } => 1,
            MatrixCell::Deny => 0,
        };
        senders.max_by_key(rank).unwrap_or_else(|| persona.clone())
    }

    fn explained(&self, clause: &Clause, persona: &Persona, facts: &PersonaFacts<'_>) -> ExplainedClause {
        // A name has no line of its own, as in the event of a denial.
        if let Clause::Named { clause: inner, .. } = clause {
            return ExplainedClause { clause: clause.clone(), ..self.explained(inner, persona, facts) };
        }
        let below: Vec<_> = clause.children().iter().map(|clause| self.explained(clause, persona, facts)).collect();
        let is_met = match clause {
            Clause::All(_) => all(below.iter().map(|clause| clause.is_met)),
            Clause::Any(_) => all(below.iter().map(|clause| clause.is_met.map(|met| !met))).map(|none| !none),
            Clause::Not(_) => below.first().and_then(|clause| clause.is_met).map(|met| !met),
            leaf => facts.meets(leaf),
        };
        let holders = match clause {
            Clause::HasPermission(name) => self.holders(name, persona, is_met == Some(true)),
            _ => Vec::new(),
        };
        ExplainedClause { clause: clause.clone(), is_met, holders, below }
    }

    fn holders(&self, permission: &str, persona: &Persona, of_persona: bool) -> Vec<String> {
        let holds = |(name, role): &(&str, &super::RoleDefinition)| {
            role.permissions.contains(permission) && (!of_persona || persona.roles.contains(*name))
        };
        self.roles().filter(holds).map(|(name, _)| name.to_owned()).collect()
    }
}

/// Returns false if one is false, else unknown if one is unknown, else true.
fn all(clauses: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let clauses: Vec<_> = clauses.collect();
    if clauses.contains(&Some(false)) { Some(false) } else { (!clauses.contains(&None)).then_some(true) }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match &self.cell {
            MatrixCell::Allow => "allowed",
            MatrixCell::Deny if self.persona.is_anonymous() => "denied, because a credential is required",
            MatrixCell::Deny => "denied",
            MatrixCell::Depends { .. } | MatrixCell::Unknown { .. } => "depends on what is marked with ?",
        };
        writeln!(f, "{} for {}: {outcome}", self.target, self.persona)?;
        if let Some(access) = &self.open {
            writeln!(f, "yes  {access}")?;
        }
        self.clauses.as_ref().map_or(Ok(()), |clause| write!(f, "{clause}"))
    }
}
