//! Roles and permissions that the application declares, with their descriptions.

use auth_runtime::{
    declared::{DeclaredNames, RoleTable, Table},
    guard::AuthConfig,
};

/// The declared names of one `Auth`.
pub(crate) struct Declared {
    pub(crate) names: &'static DeclaredNames,
    pub(crate) roles: Vec<DeclaredName>,
    pub(crate) permissions: Vec<DeclaredName>,
}

/// A declared role or permission.
pub(crate) struct DeclaredName {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// The permissions of a role.
    pub(crate) permissions: Vec<&'static str>,
}

impl Declared {
    pub(crate) fn by<A: AuthConfig>() -> Self {
        let mut roles = described::<A::Role>();
        for (role, words) in roles.iter_mut().zip(A::Role::PERMISSION_WORDS) {
            role.permissions = permissions::<A::Permission>(words);
        }
        Self { names: A::declared_names(), roles, permissions: described::<A::Permission>() }
    }
}

fn described<T: Table>() -> Vec<DeclaredName> {
    let names = T::NAMES.iter().zip(T::DESCRIPTIONS);
    names.map(|(name, description)| DeclaredName { name, description, permissions: Vec::new() }).collect()
}

/// Returns the names of the permissions whose bits are set.
fn permissions<P: Table>(words: &[u64]) -> Vec<&'static str> {
    let is_set = |index: usize| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1);
    P::NAMES.iter().enumerate().filter(|(index, _)| is_set(*index)).map(|(_, name)| *name).collect()
}
