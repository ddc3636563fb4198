//! What the application declares: names of roles and permissions, with what they mean.

use auth_runtime::{
    declared::{DeclaredNames, RoleTable, Table},
    guard::AuthConfig,
};

/// The tables of an `Auth`, for people to read.
pub(crate) struct Declared {
    pub(crate) tables: &'static DeclaredNames,
    pub(crate) roles: Vec<DeclaredName>,
    pub(crate) permissions: Vec<DeclaredName>,
}

/// A role or a permission.
pub(crate) struct DeclaredName {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// Those that a role holds.
    pub(crate) permissions: Vec<&'static str>,
}

impl Declared {
    pub(crate) fn of<A: AuthConfig>() -> Self {
        let mut roles = names::<A::Role>();
        for (role, words) in roles.iter_mut().zip(A::Role::PERMISSION_WORDS) {
            role.permissions = held::<A::Permission>(words);
        }
        Self { tables: A::declared_names(), roles, permissions: names::<A::Permission>() }
    }
}

fn names<T: Table>() -> Vec<DeclaredName> {
    let names = T::NAMES.iter().zip(T::DESCRIPTIONS);
    names.map(|(name, description)| DeclaredName { name, description, permissions: Vec::new() }).collect()
}

fn held<P: Table>(words: &[u64]) -> Vec<&'static str> {
    let is_set = |index: usize| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1);
    P::NAMES.iter().enumerate().filter(|(index, _)| is_set(*index)).map(|(_, name)| *name).collect()
}
