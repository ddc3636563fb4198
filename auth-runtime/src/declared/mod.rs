//! Declarations of an application, as constant data: tables of names, sets of names, and security schemes.

mod auth_schema;
mod empty;
pub(crate) mod invariant;
mod location;
pub(crate) mod lookup;
mod scheme;
mod scheme_set;
mod set;
mod table;

pub use auth_schema::AuthSchema;
pub use empty::{NoPermissions, NoRoles};
pub use location::ApiKeyLocation;
pub(crate) use location::{CredentialLocation, Precedence};
pub use lookup::unknown_name;
pub use scheme::{GrantType, MAX_CREDENTIAL_LEN, OAuthFlow, Scheme, SchemeKind, Scope, SecurityScheme, kind};
pub use scheme_set::SchemeSet;
pub use set::Set;
pub use table::{DeclaredNames, Entry, Includes, RoleTable, Table, TableSet, UnknownName};
