//! One change, its kind and its class.

use std::fmt;

use crate::review::{Persona, Target};

/// One change from a policy to another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The changed rule or declaration.
    pub subject: Subject,
    /// The text before, in the format of `access.lock`.
    pub before: Option<String>,
    /// The text after.
    pub after: Option<String>,
    /// For a widened, narrowed or newly public rule, the caller with the fewest facts that is newly admitted or no
    /// longer admitted. `None` for a rule that is new.
    pub persona: Option<Persona>,
    /// The roles whose callers are newly admitted or no longer admitted, some of them only under conditions. For a new
    /// rule, the roles that it can admit.
    pub roles: Vec<String>,
}

impl Change {
    pub(super) fn new(kind: ChangeKind, subject: Subject) -> Self {
        Self { kind, subject, before: None, after: None, persona: None, roles: Vec::new() }
    }

    pub(super) fn texts(mut self, before: impl fmt::Display, after: impl fmt::Display) -> Self {
        (self.before, self.after) = (Some(before.to_string()), Some(after.to_string()));
        self
    }

    /// Returns how much the change matters.
    #[must_use]
    pub const fn class(&self) -> DifferenceClass {
        match (self.kind, &self.subject) {
            (ChangeKind::NewPublic, _) => DifferenceClass::NewPublic,
            // A new scheme is another way in for every rule that names no scheme.
            (ChangeKind::Widened, _) | (ChangeKind::New, Subject::SchemeNamed(_)) => DifferenceClass::Widened,
            (
                ChangeKind::CheckChanged
                | ChangeKind::HideChanged
                | ChangeKind::KindChanged
                | ChangeKind::RuleGone
                | ChangeKind::Undecided,
                _,
            ) => DifferenceClass::Review,
            (ChangeKind::New, _) => DifferenceClass::New,
            (ChangeKind::Narrowed | ChangeKind::Gone, _) => DifferenceClass::Narrowed,
            (ChangeKind::Renamed | ChangeKind::Reworded, _) => DifferenceClass::Reworded,
        }
    }
}

/// A rule or declaration that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Subject {
    /// The rule of a target.
    RuleOf(Target),
    /// A role.
    RoleNamed(String),
    /// A permission.
    PermissionNamed(String),
    /// A security scheme.
    SchemeNamed(String),
    /// An OAuth 2 scope.
    ScopeNamed(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RuleOf(target) => write!(f, "{target}"),
            Self::RoleNamed(name) => write!(f, "role {name:?}"),
            Self::PermissionNamed(name) => write!(f, "permission {name:?}"),
            Self::SchemeNamed(name) => write!(f, "scheme {name:?}"),
            Self::ScopeNamed(name) => write!(f, "scope {name:?}"),
        }
    }
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The rule admits anonymous callers that it did not admit before. It may be new.
    NewPublic,
    /// The rule admits a caller that it did not admit before, or the role has a new permission.
    Widened,
    /// The text of a check changed. Its result depends on the code.
    CheckChanged,
    /// A denied caller gets 404 instead of 403, or the reverse.
    HideChanged,
    /// The scheme with this name has another kind or other options.
    KindChanged,
    /// A rule that is not public was removed. If its route is still mounted, it may be open now.
    RuleGone,
    /// The rule depends on more than 20 facts, so the analysis has no result.
    Undecided,
    /// The rule or declaration was added.
    New,
    /// The rule no longer admits a caller, or the role lost a permission.
    Narrowed,
    /// The public rule, or the declaration, was removed.
    Gone,
    /// Only the name, or the route of the rule, changed.
    Renamed,
    /// The text differs, and the same callers get in.
    Reworded,
}

impl ChangeKind {
    /// Every kind, the most important ones first.
    pub const ALL: [Self; 12] = [
        Self::NewPublic,
        Self::Widened,
        Self::CheckChanged,
        Self::HideChanged,
        Self::KindChanged,
        Self::RuleGone,
        Self::Undecided,
        Self::New,
        Self::Narrowed,
        Self::Gone,
        Self::Renamed,
        Self::Reworded,
    ];

    /// Returns the kind in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewPublic => "new public",
            Self::Widened => "widened",
            Self::CheckChanged => "check changed: review",
            Self::HideChanged => "hide changed: review",
            Self::KindChanged => "kind changed: review",
            Self::RuleGone => "gone: review",
            Self::Undecided => "undecided: review",
            Self::New => "new",
            Self::Narrowed => "narrowed",
            Self::Gone => "gone",
            Self::Renamed => "renamed",
            Self::Reworded => "equal but reworded",
        }
    }

    /// Returns the kind as an identifier: `new-public`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NewPublic => "new-public",
            Self::Widened => "widened",
            Self::CheckChanged => "check-changed",
            Self::HideChanged => "hide-changed",
            Self::KindChanged => "kind-changed",
            Self::RuleGone => "rule-gone",
            Self::Undecided => "undecided",
            Self::New => "new",
            Self::Narrowed => "narrowed",
            Self::Gone => "gone",
            Self::Renamed => "renamed",
            Self::Reworded => "reworded",
        }
    }
}

/// How much a difference matters, from the least to the most.
///
/// ```
/// use auth_runtime::review::DifferenceClass;
///
/// assert!(DifferenceClass::Widened > DifferenceClass::Narrowed);
/// assert_eq!((DifferenceClass::Same.exit_code(), DifferenceClass::Widened.exit_code()), (0, 14));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceClass {
    /// Nothing differs.
    #[default]
    Same,
    /// The text differs, and the same callers get in.
    Reworded,
    /// Fewer callers are admitted.
    Narrowed,
    /// There is a new rule that is not public, or a new role, permission or scope.
    New,
    /// A reviewer must decide: a check, a `hide` or a scheme changed, or the analysis has no result.
    Review,
    /// More callers are admitted, a role has a new permission, or there is a new scheme.
    Widened,
    /// Anonymous callers are newly admitted.
    NewPublic,
}

impl DifferenceClass {
    /// Returns the class as an identifier: `new-public`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Reworded => "reworded",
            Self::Narrowed => "narrowed",
            Self::New => "new",
            Self::Review => "review",
            Self::Widened => "widened",
            Self::NewPublic => "new-public",
        }
    }

    /// Returns the exit code of `access diff`: 0 for `Same`, and 10 to 15 from `Reworded` to `NewPublic`. Other exit
    /// codes are errors.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Same => 0,
            Self::Reworded => 10,
            Self::Narrowed => 11,
            Self::New => 12,
            Self::Review => 13,
            Self::Widened => 14,
            Self::NewPublic => 15,
        }
    }
}
