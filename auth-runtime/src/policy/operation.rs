//! One thing that can be called, and who may call it: what the attributes become.

use super::{Requirement, operation_id::OperationId};
use crate::declared::{AuthSchema, SchemeSet};

/// Who may call an operation.
#[derive(Clone, Copy, Debug)]
pub enum Access<A: 'static> {
    /// Everybody, and no credential is looked at.
    Public {
        /// Why, for those who review the list of public operations.
        reason: &'static str,
    },
    /// Everybody, and whoever sends a credential must send a good one.
    Optional,
    /// Whoever meets the requirement.
    Required {
        /// What is asked.
        requirement: Requirement<A>,
        /// Answer 404 instead of 403, so that those who may not call it do not learn that it exists.
        hide: bool,
    },
}

/// An operation of an API, a handler or a protected subtree, with who may call it.
#[derive(Clone, Copy, Debug)]
pub struct Operation<A: 'static> {
    name: &'static str,
    id: OperationId,
    access: Access<A>,
    schemes: SchemeSet,
}

impl<A: AuthSchema> Operation<A> {
    /// An operation of this name; the macros take `module::Type::method`.
    ///
    /// # Panics
    /// If no scheme can ever meet the requirement, as `all(schemes("a"), schemes("b"))`. The macros make operations
    /// in constants, where that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, access: Access<A>) -> Self {
        let schemes = match &access {
            Access::Public { .. } => SchemeSet::EMPTY,
            Access::Optional => SchemeSet::first(A::SCHEMES.len()),
            Access::Required { requirement, .. } => {
                let schemes = requirement.schemes();
                assert!(
                    !schemes.is_empty(),
                    "no scheme can ever meet this requirement: nobody could call the operation"
                );
                schemes
            }
        };
        Self { name, id: OperationId::of(name), access, schemes }
    }

    /// Returns the same operation with an identifier that is derived from its place in the source.
    ///
    /// Two functions of one module may each declare a type of one name, so the name does not identify an operation.
    #[doc(hidden)]
    #[must_use]
    pub const fn at(self, place: &'static str) -> Self {
        Self { id: OperationId::of(place), ..self }
    }

    /// Returns the identifier that stands for the operation in the registry of poem-openapi.
    pub(crate) const fn id(&'static self) -> &'static str {
        self.id.as_str()
    }

    /// Its name: `module::Type::method`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Who may call it.
    #[must_use]
    pub const fn access(&self) -> &Access<A> {
        &self.access
    }

    /// The schemes by which it can be called; none are looked at where it is public.
    #[must_use]
    pub const fn schemes(&self) -> SchemeSet {
        self.schemes
    }

    /// Whether a caller who may not call it is told that it does not exist.
    pub(crate) const fn hides(&self) -> bool {
        matches!(self.access, Access::Required { hide: true, .. })
    }
}

/// Where a request is judged: the operation, and the schemes that count there.
#[derive(Debug)]
pub(crate) struct EnforcementPoint<A: 'static> {
    pub(crate) operation: &'static Operation<A>,
    pub(crate) accepted: SchemeSet,
}

impl<A> Clone for EnforcementPoint<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for EnforcementPoint<A> {}
