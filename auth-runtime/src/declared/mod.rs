//! Declarations of an application, as constant data: tables of names, sets of names, and security schemes.

mod auth_schema;
mod empty;
pub(crate) mod lookup;
mod scheme;
mod set;
mod table;

pub use auth_schema::AuthSchema;
pub use empty::{NoPermissions, NoRoles};
pub use lookup::unknown_name;
pub(crate) use scheme::CredentialLocation;
pub use scheme::{ApiKeyLocation, GrantType, OAuthFlow, Scheme, SchemeKind, SchemeSet, Scope, SecurityScheme, kind};
pub use set::Set;
pub use table::{DeclaredNames, Entry, Includes, RoleTable, Table, TableSet, UnknownName};
