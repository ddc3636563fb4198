//! An operation and its access rule. The attributes expand to these types.

use std::fmt;

use super::{NeededCredentials, Requirement, operation_id::OperationId};
use crate::declared::{AuthSchema, SchemeSet};

/// The access rule of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Access<A: 'static> {
    /// Every caller. Credentials are ignored.
    Public {
        /// The reason, for reviewers of public operations.
        reason: &'static str,
    },
    /// Anonymous callers that pass the checks, and authenticated callers that meet the requirement. A credential that
    /// is sent must be valid, but that of a session that has ended, or of an incomplete sign-in, counts as none.
    Optional {
        /// The requirement for callers who sign in. Its checks are for anonymous callers too.
        requirement: Option<Requirement<A>>,
        /// Whether denied callers get 404 instead of 403.
        hide: bool,
    },
    /// Callers that meet the requirement.
    Required {
        /// The requirement.
        requirement: Requirement<A>,
        /// Whether denied callers get 404 instead of 403. The answer is still 401 if the credential is missing or
        /// invalid, or if the sign-in is too old or too weak.
        hide: bool,
    },
}

/// The place where an operation is declared: that of a macro, and the position among its operations. `Debug` shows its
/// hash, as a path of a source file is not for logs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(&'static str, usize);

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OperationId::of(self.0, self.1).fmt(f)
    }
}

/// An operation of an API, a handler or a protected subtree, with its access rule.
#[derive(Clone, Copy, Debug)]
pub struct Operation<A: 'static> {
    name: &'static str,
    place: Place,
    access: Access<A>,
    credentials: NeededCredentials,
}

impl<A: AuthSchema> Operation<A> {
    /// Returns an operation with this name. The macros use `module::Type::method`, and for a handler
    /// `module::function`.
    ///
    /// # Panics
    /// In each of these cases. The macros build operations in constants, where the panic is a compile error.
    ///
    /// - No request can meet the requirement, as in `all(schemes("a"), not(schemes("a")))`, or in
    ///   `all(schemes("a"), schemes("b"))` if both schemes read the `Authorization` header.
    /// - It requires more than four credentials, or several for [`Access::Optional`].
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, access: Access<A>) -> Self {
        let credentials = match &access {
            Access::Public { .. } => NeededCredentials::NONE,
            // A caller of a scheme that the requirement excludes is denied, not anonymous.
            Access::Optional { requirement, .. } => {
                if let Some(requirement) = requirement {
                    assert!(
                        requirement.credentials().len() < 2,
                        "`#[optional_auth]` cannot require several credentials: to accept any one of them, write `schemes(\"..\", \"..\")`"
                    );
                }
                NeededCredentials::one(SchemeSet::first(A::SCHEMES.len()))
            }
            Access::Required { requirement, .. } => {
                let needed = requirement.credentials();
                assert!(
                    needed.len() > 0,
                    "no caller could ever meet this requirement: it accepts no scheme, or needs two credentials from the same header, cookie or query parameter; to accept either of two schemes, write `schemes(\"..\", \"..\")`"
                );
                needed
            }
        };
        Self { name, place: Place(name, 0), access, credentials }
    }

    /// Returns the name: `module::Type::method`, `module::function`, or `module:line` for a `requirement!`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the access rule.
    #[must_use]
    pub const fn access(&self) -> &Access<A> {
        &self.access
    }

    /// Returns the schemes whose credentials the operation accepts; none for a public operation.
    #[must_use]
    pub const fn schemes(&self) -> SchemeSet {
        self.credentials.all()
    }
}

impl<A> Operation<A> {
    /// Returns the identifier that stands for the operation in the registry of poem-openapi.
    pub(crate) const fn id(&self) -> OperationId {
        OperationId::of(self.place.0, self.place.1)
    }

    /// Returns the place where the operation is declared. No other operation has it.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Returns the credentials that a request needs.
    pub(crate) const fn credentials(&self) -> &NeededCredentials {
        &self.credentials
    }

    /// Returns the schemes of the rule that are configured; none if a credential that the rule needs has none.
    #[inline]
    pub(crate) fn accepted(&self, configured: SchemeSet) -> SchemeSet {
        let can_be_called = self.credentials.iter().all(|schemes| !schemes.intersection(configured).is_empty());
        if can_be_called { self.credentials.all().intersection(configured) } else { SchemeSet::EMPTY }
    }

    /// Returns the same operation at its place in the source, from which its identifier is derived: the place of a
    /// macro, and the position among its operations.
    ///
    /// Two functions of one module may each declare a type of one name, so the name does not identify an operation.
    #[doc(hidden)]
    #[must_use]
    pub const fn at(self, place: &'static str, position: usize) -> Self {
        Self { place: Place(place, position), ..self }
    }

    /// Returns the requirement for authenticated callers; `None` for a public operation, and for an optional one
    /// without clauses.
    #[must_use]
    pub const fn requirement(&self) -> Option<&Requirement<A>> {
        match &self.access {
            Access::Public { .. } => None,
            Access::Optional { requirement, .. } => requirement.as_ref(),
            Access::Required { requirement, .. } => Some(requirement),
        }
    }

    /// Returns the requirement of a rule under a name, as a clause of another rule.
    ///
    /// # Panics
    /// If the rule admits anonymous callers. The macros call this in constants, where it is a compile error.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub const fn clause(&self, name: &'static str) -> Requirement<A> {
        match &self.access {
            Access::Required { requirement, .. } => requirement.named(name),
            _ => panic!("this rule admits anonymous callers, so it cannot be a clause"),
        }
    }

    /// Whether every caller is let in, and credentials are ignored. The macros evaluate it in constants.
    pub(crate) const fn is_public(&self) -> bool {
        matches!(self.access, Access::Public { .. })
    }

    /// Whether anonymous callers are let in, and credentials are verified.
    pub(crate) const fn is_optional(&self) -> bool {
        matches!(self.access, Access::Optional { .. })
    }

    /// Whether a denied caller gets 404 instead of 403.
    #[must_use]
    pub const fn hides(&self) -> bool {
        matches!(self.access, Access::Required { hide: true, .. } | Access::Optional { hide: true, .. })
    }
}

/// Where a request is decided: the operation, and the accepted schemes.
#[derive(Debug)]
pub(crate) struct EnforcementPoint<A: 'static> {
    pub(crate) operation: &'static Operation<A>,
    pub(crate) accepted: SchemeSet,
    /// Whether a script sent the request, and a scheme is silent for scripts.
    pub(crate) is_silent: bool,
}

impl<A> Clone for EnforcementPoint<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for EnforcementPoint<A> {}
