//! One rule: a target, and its access.

use std::fmt;

use super::{Clause, Clauses, Target};
use crate::{
    declared::AuthSchema,
    policy::{Access, Operation},
};

/// An access rule with its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRule {
    /// The guarded route, subtree or name.
    pub target: Target,
    /// Name of the operation: `module::Type::method`, or the module of a `requirement!`.
    pub operation: String,
    /// The access.
    pub access: RuleAccess,
}

impl AccessRule {
    /// Returns the rule of an operation.
    pub(super) fn new<A: AuthSchema>(target: Target, operation: &Operation<A>) -> Self {
        Self { target, operation: without_line(operation.name()), access: operation.access().into() }
    }

    /// Whether the rule admits anonymous callers.
    #[must_use]
    pub const fn admits_anonymous(&self) -> bool {
        matches!(self.access, RuleAccess::Public { .. } | RuleAccess::Optional { .. })
    }

    /// Returns the requirement for anonymous callers: none if they are denied, and `authenticated` if all are let in.
    pub(super) fn anonymous(&self) -> Option<Clause> {
        match &self.access {
            RuleAccess::Public { .. } => Some(Clause::Authenticated),
            RuleAccess::Optional { requirement, .. } => {
                Some(requirement.as_ref().and_then(checks_alone).unwrap_or(Clause::Authenticated))
            }
            RuleAccess::Required { .. } => None,
        }
    }

    /// Returns the requirement for callers who sign in: `authenticated` if all are let in.
    pub(crate) fn signed_in(&self) -> &Clause {
        self.requirement().unwrap_or(&Clause::Authenticated)
    }

    /// Whether a denied caller gets 404 instead of 403.
    pub(crate) const fn hides(&self) -> bool {
        self.access.hides()
    }

    /// Returns the requirement, if there is one. If the rule admits anonymous callers, it applies to authenticated
    /// callers.
    #[must_use]
    pub const fn requirement(&self) -> Option<&Clause> {
        self.access.requirement()
    }
}

/// The access of a rule: [`Access`] with owned names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleAccess {
    /// Every caller. Credentials are ignored.
    Public {
        /// The reason, for reviewers.
        reason: String,
    },
    /// Anonymous callers, and callers with a valid credential that meet the requirement, if there is one.
    Optional {
        /// The requirement for authenticated callers. Its checks apply to anonymous callers too.
        requirement: Option<Clause>,
        /// Whether denied callers get 404 instead of 403.
        hide: bool,
    },
    /// Callers that meet the requirement.
    Required {
        /// The requirement.
        requirement: Clause,
        /// Whether denied callers get 404 instead of 403.
        hide: bool,
    },
}

impl<A: AuthSchema> From<&Access<A>> for RuleAccess {
    fn from(access: &Access<A>) -> Self {
        match access {
            Access::Public { reason } => Self::Public { reason: (*reason).to_owned() },
            Access::Optional { requirement, hide } => {
                let requirement: Option<Clause> = requirement.as_ref().map(Clause::from);
                Self::Optional { hide: *hide && requirement.is_some(), requirement }
            }
            Access::Required { requirement, hide } => Self::Required { requirement: requirement.into(), hide: *hide },
        }
    }
}

impl RuleAccess {
    /// Returns the access inside of a subtree with the access `outer`: callers must meet both.
    ///
    /// The `hide` of the inner requirement counts, because it answers the callers that the subtree lets in.
    pub(super) fn inside(&self, outer: &Self) -> Self {
        let hide = if self.requirement().is_some() { self.hides() } else { outer.hides() };
        let requirement = match (outer.requirement(), self.requirement()) {
            (Some(outer), Some(inner)) => Some(Clause::all([outer.clone(), inner.clone()])),
            (outer, inner) => outer.or(inner).cloned(),
        };
        match (outer, self) {
            (Self::Public { .. }, _) => self.clone(),
            (Self::Optional { .. }, Self::Public { .. } | Self::Optional { .. }) => {
                Self::Optional { hide: hide && requirement.is_some(), requirement }
            }
            _ => Self::Required { requirement: requirement.unwrap_or(Clause::Authenticated), hide },
        }
    }

    /// Whether a denied caller gets 404 instead of 403.
    const fn hides(&self) -> bool {
        matches!(self, Self::Required { hide: true, .. } | Self::Optional { hide: true, .. })
    }

    /// Returns the requirement, if there is one.
    const fn requirement(&self) -> Option<&Clause> {
        match self {
            Self::Public { .. } => None,
            Self::Optional { requirement, .. } => requirement.as_ref(),
            Self::Required { requirement, .. } => Some(requirement),
        }
    }

    /// Returns the requirement, if there is one.
    pub(super) const fn requirement_mut(&mut self) -> Option<&mut Clause> {
        match self {
            Self::Public { .. } => None,
            Self::Optional { requirement, .. } => requirement.as_mut(),
            Self::Required { requirement, .. } => Some(requirement),
        }
    }
}

/// Removes the clauses about callers who sign in: they do not apply to an anonymous caller.
fn checks_alone(clause: &Clause) -> Option<Clause> {
    let list = |clauses: &Clauses| Clauses::new(clauses.iter().filter_map(checks_alone).collect());
    match clause {
        Clause::Checked(_) => Some(clause.clone()),
        Clause::All(clauses) => list(clauses).map(Clause::All),
        Clause::Any(clauses) => list(clauses).map(Clause::Any),
        Clause::Not(clause) => checks_alone(clause).map(Clause::not),
        // What is left is not the rule of that name.
        Clause::Named { clause, .. } => checks_alone(clause),
        _ => None,
    }
}

/// As `access.lock` writes it.
impl fmt::Display for RuleAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public { reason } => write!(f, "public {reason:?}"),
            Self::Optional { requirement: None, .. } => f.write_str("optional"),
            Self::Optional { requirement: Some(requirement), hide } => {
                write!(f, "optional requires {requirement}{}", Hide(*hide))
            }
            Self::Required { requirement, hide } => write!(f, "requires {requirement}{}", Hide(*hide)),
        }
    }
}

/// `, hide` after a requirement.
struct Hide(bool);

impl fmt::Display for Hide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { ", hide" } else { "" })
    }
}

/// Removes the line from the name that `requirement!` gives, so that a line above it changes no document.
fn without_line(name: &str) -> String {
    let is_line = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let module = name.rsplit_once(':').filter(|(module, line)| is_line(line) && !module.ends_with(':'));
    module.map_or(name, |(module, _)| module).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Clause, RuleAccess, without_line};

    /// Callers must pass the subtree first, and then the route.
    #[test]
    fn a_rule_inside_of_a_subtree_has_both_requirements() {
        let required = |name: &str, hide| RuleAccess::Required { requirement: Clause::role(name), hide };
        let optional = |requirement: Option<&str>| RuleAccess::Optional {
            requirement: requirement.map(Clause::role),
            hide: false,
        };
        let public = || RuleAccess::Public { reason: "probe".to_owned() };
        for (outer, inner, expected) in [
            (required("A", false), required("B", true), r#"requires all(role("A"), role("B")), hide"#),
            (required("A", true), required("B", false), r#"requires all(role("A"), role("B"))"#),
            (required("A", true), public(), r#"requires role("A"), hide"#),
            (required("A", false), optional(None), r#"requires role("A")"#),
            (required("A", false), optional(Some("B")), r#"requires all(role("A"), role("B"))"#),
            (optional(Some("A")), public(), r#"optional requires role("A")"#),
            (optional(Some("A")), optional(Some("B")), r#"optional requires all(role("A"), role("B"))"#),
            (optional(Some("A")), required("B", false), r#"requires all(role("A"), role("B"))"#),
            (optional(None), optional(None), "optional"),
            (public(), optional(Some("B")), r#"optional requires role("B")"#),
            (public(), public(), r#"public "probe""#),
        ] {
            assert_eq!(inner.inside(&outer).to_string(), expected, "{inner} inside of {outer}");
        }
    }

    #[test]
    fn only_the_line_of_a_requirement_is_removed() {
        for (name, expected) in
            [("app::reports:12", "app::reports"), ("app::Api::list", "app::Api::list"), ("a::1", "a::1")]
        {
            assert_eq!(without_line(name), expected);
        }
    }
}
