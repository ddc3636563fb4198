//! Tables of names: typed, as `permissions!` and `roles!` declare them, and untyped, as authentication uses them.

use std::{
    fmt::{self, Debug, Display},
    hash::Hash,
    marker::PhantomData,
    str::FromStr,
};

/// A closed list of names with a typed value for each. [`permissions!`](crate::permissions) and
/// [`roles!`](crate::roles) implement it.
///
/// Do not implement it by hand.
pub trait Table: Copy + Eq + Ord + Hash + Debug + Display + FromStr<Err = UnknownName> + Send + Sync + 'static {
    /// A set of these values, as bits.
    type Set: TableSet<Self>;
    /// Kind of the names: `permission` or `role`.
    const KIND: &'static str;
    /// Every value, in the order of declaration.
    const ALL: &'static [Self];
    /// Every name, in the same order.
    const NAMES: &'static [&'static str];
    /// Every description (the doc comment), in the same order.
    const DESCRIPTIONS: &'static [&'static str];

    /// Returns the position in [`ALL`](Self::ALL). It is also the number of the bit in a [`Set`](super::Set).
    fn index(self) -> usize;
}

/// A set that converts from and to the words of a bit set.
pub trait TableSet<T>: Copy + Eq + Debug + Default + Send + Sync + 'static {
    /// Builds a set from the bits that the table knows.
    fn from_words(words: &[u64]) -> Self;
    /// Returns the bits.
    fn as_slice(&self) -> &[u64];
    /// Whether `value` is in the set.
    fn has(&self, value: T) -> bool;
}

/// A table of roles. Each role holds permissions of another table, including inherited ones.
pub trait RoleTable: Table {
    /// The permissions that these roles hold.
    type Permission: Table;
    /// For each role, the bits of its permissions.
    const PERMISSION_WORDS: &'static [&'static [u64]];
}

/// A table that has the names of another table: what `permissions!` implements for `Name(other::Permission)`.
///
/// An API of a plug-in names what it needs of the application that mounts it:
///
/// ```
/// # use auth_runtime::{declared::Includes, guard::AuthConfig, prelude::*};
/// # use poem_openapi::OpenApi;
/// permissions! { pub enum Permission { Write = "comments:write" } }
///
/// # struct Comments<A>(std::marker::PhantomData<fn() -> A>);
/// #[protected(auth = A)]
/// #[OpenApi]
/// impl<A: AuthConfig> Comments<A>
/// where
///     A::Permission: Includes<Permission>,
/// {
///     #[permission(Permission::Write)]
///     #[oai(path = "/comments", method = "post")]
///     async fn add(&self) {}
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not include the permissions `{P}`",
    note = "in the application, add a variant with any name to `permissions!`: `Other({P})`",
    note = "in an impl block that is generic over its `Auth`, add the bound `A::Permission: auth_runtime::declared::Includes<{P}>`"
)]
pub trait Includes<P: Table>: Table {
    /// Returns the value of this table for a value of the other one.
    fn include(value: P) -> Self;
}

impl<T: Table> Includes<T> for T {
    fn include(value: T) -> T {
        value
    }
}

/// One name of a table, found at compile time. The type names the table.
pub struct Entry<T> {
    index: u16,
    name: &'static str,
    table: PhantomData<fn() -> T>,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Entry<T> {}

impl<T> Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<T> Entry<T> {
    /// Returns the entry of a generated table.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: u16, name: &'static str) -> Self {
        Self { index, name, table: PhantomData }
    }

    /// Returns the position in the table.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.index
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// Error for a name that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} {name:?}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
}

impl UnknownName {
    /// Returns the error for `name` in a table of this `kind`.
    #[must_use]
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

/// The names of one `Auth` without their types. Authenticators turn names into bits with it.
#[derive(Debug)]
pub struct DeclaredNames {
    /// Names of permissions.
    pub permissions: &'static [&'static str],
    /// Names of roles.
    pub roles: &'static [&'static str],
    /// Names of OAuth 2 scopes.
    pub scopes: &'static [&'static str],
    /// For each role, the bits of its permissions.
    pub role_permissions: &'static [&'static [u64]],
}
