//! Users and API keys in a database: SQLite, PostgreSQL, MariaDB or MySQL.
//!
//! [`SqlUsers`] is one store behind both [`Basic`](auth_runtime::users::Basic) and
//! [`ApiKeys`](auth_runtime::api_key::ApiKeys). It implements public traits of `auth_runtime` and uses only its public
//! items, so an application can write a store of its own in the same way.
//!
//! The modules are:
//!
//! - connections: `database`, `database_url`, `dialect`, `migrate`, `options`;
//! - reads of authenticators: `credentials`, `cache`, `last_used`, `attempts`;
//! - work of administrators: `users`, `list`, `keys`, `names`, `import`, each change in a `transaction`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod attempts;
mod cache;
mod credentials;
mod database;
mod database_url;
mod dialect;
mod error;
mod import;
mod keys;
mod last_used;
mod list;
mod migrate;
mod names;
mod options;
mod store;
mod time;
mod transaction;
mod user_name;
mod users;

pub use self::{
    account::{Account, KeyInfo, NewKey, NewUser, Page, Profile},
    database_url::describe_url,
    error::StoreError,
    import::ImportOutcome,
    names::NamesInUse,
    options::SqlOptions,
    store::SqlUsers,
    user_name::normalize_name,
};
