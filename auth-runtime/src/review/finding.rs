//! Observations about a policy as a whole, for a reviewer.

use std::fmt;

use super::Subject;

/// One observation about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of the observation.
    pub kind: FindingKind,
    /// The rule or declaration.
    pub subject: Subject,
    /// The details.
    pub message: String,
}

/// The kind of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A rule admits anonymous callers to an unsafe method, such as `POST`, to a subtree, or to a target without a
    /// path.
    PublicChange,
    /// A rule admits anonymous callers.
    Public,
    /// No caller meets the rule.
    Unreachable,
    /// No role alone meets the rule: a caller needs several roles, or a permission besides those of the role.
    NoSingleRole,
    /// A clause that follows from the rest of its rule.
    ImpliedClause,
    /// A rule that depends on too many facts for the analysis.
    Undecided,
    /// No role holds the permission.
    UnheldPermission,
    /// No rule requires the permission; a handler may check it.
    UnusedPermission,
    /// Two roles hold the same permissions.
    EqualRoles,
    /// Another role holds all that this one holds, and more.
    ContainedRole,
}

impl FindingKind {
    /// Every kind, the most important ones first.
    pub const ALL: [Self; 10] = [
        Self::PublicChange,
        Self::Public,
        Self::Unreachable,
        Self::NoSingleRole,
        Self::ImpliedClause,
        Self::Undecided,
        Self::UnheldPermission,
        Self::UnusedPermission,
        Self::EqualRoles,
        Self::ContainedRole,
    ];

    /// Returns the kind in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicChange => "public change",
            Self::Public => "public",
            Self::Unreachable => "unreachable",
            Self::NoSingleRole => "no single role",
            Self::ImpliedClause => "implied clause",
            Self::Undecided => "undecided",
            Self::UnheldPermission => "unheld permission",
            Self::UnusedPermission => "unused permission",
            Self::EqualRoles => "equal roles",
            Self::ContainedRole => "contained role",
        }
    }

    /// Returns the kind as an identifier: `public-change`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::PublicChange => "public-change",
            Self::Public => "public",
            Self::Unreachable => "unreachable",
            Self::NoSingleRole => "no-single-role",
            Self::ImpliedClause => "implied-clause",
            Self::Undecided => "undecided",
            Self::UnheldPermission => "unheld-permission",
            Self::UnusedPermission => "unused-permission",
            Self::EqualRoles => "equal-roles",
            Self::ContainedRole => "contained-role",
        }
    }

    /// Whether it is likely a mistake. The other kinds are for information: a public operation, and a role that another
    /// role contains.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        !matches!(self, Self::Public | Self::ContainedRole)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.as_str(), self.subject, self.message)
    }
}
