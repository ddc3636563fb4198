//! Empty tables, for an `Auth` that declares no permissions or no roles.

use std::{
    fmt::{self, Debug, Display},
    hash::Hash,
    marker::PhantomData,
    str::FromStr,
};

use super::{RoleTable, Set, Table, UnknownName};

/// An empty table, for an `Auth` that declares no permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoPermissions {}

/// An empty table, for an `Auth` that declares no roles; `P` is its table of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoRoles<P> {
    #[doc(hidden)]
    Never(Never, PhantomData<fn() -> P>),
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {}

macro_rules! empty_table {
    ($kind:literal, $name:ident $(<$parameter:ident>)?) => {
        impl$(<$parameter: Table>)? Display for $name$(<$parameter>)? {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Ok(())
            }
        }

        impl$(<$parameter: Table>)? FromStr for $name$(<$parameter>)? {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Err(UnknownName::new($kind, name))
            }
        }

        impl$(<$parameter: Table>)? Table for $name$(<$parameter>)? {
            type Set = Set<Self, 0>;
            const KIND: &'static str = $kind;
            const ALL: &'static [Self] = &[];
            const NAMES: &'static [&'static str] = &[];
            const DESCRIPTIONS: &'static [&'static str] = &[];

            fn index(self) -> usize {
                0
            }
        }
    };
}

empty_table!("permission", NoPermissions);
empty_table!("role", NoRoles<P>);

impl<P: Table> RoleTable for NoRoles<P> {
    type Permission = P;
    const PERMISSION_WORDS: &'static [&'static [u64]] = &[];
}
