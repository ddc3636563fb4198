//! One thing that can be called, and who may call it: what the attributes become.

use crate::{access::Requirement, authenticate::Authority, scheme::SchemeSet};

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
    access: Access<A>,
}

impl<A> Operation<A> {
    /// An operation of this name; the macros take `module::Type::method`.
    #[must_use]
    pub const fn new(name: &'static str, access: Access<A>) -> Self {
        Self { name, access }
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
}

impl<A: Authority> Operation<A> {
    /// The schemes that are looked at.
    pub(crate) fn schemes(&'static self) -> SchemeSet {
        match &self.access {
            Access::Public { .. } => SchemeSet::EMPTY,
            Access::Optional => (0..A::SCHEMES.len()).collect(),
            Access::Required { requirement, .. } => requirement.schemes(),
        }
    }
}
