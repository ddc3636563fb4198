//! Users and API keys in a database: SQLite, PostgreSQL, MariaDB or MySQL. Attempts there, or in Redis.
//!
//! [`SqlUsers`] is one store for [`Basic`](auth_runtime::users::Basic), [`ApiKeys`](auth_runtime::api_key::ApiKeys) and
//! [`UserTokens`](auth_runtime::users::UserTokens). It implements public traits of `auth_runtime` with public items only,
//! so an application can write its own store in the same way.
//!
//! The modules are:
//!
//! - connections: `options`, `database_url`, `sqlite_file`, `dialect`, `pooler`, `connection`, `database`, `migrate`;
//! - reads of authenticators: `credentials`, `cache`, `last_used`, `attempts`;
//! - users about their own account, with the feature `account`: `own_account`, `one_time_tokens`,
//!   `second_factor`;
//! - state of a token service, with the feature `token-service`: `refresh_tokens`, `revocations`, `signing_keys`, `clients`,
//!   and `sweep`, which deletes expired rows;
//! - notices of PostgreSQL, with the feature `postgres`: `listener`;
//! - the feature `redis`: `RedisStore`, in the module `redis`;
//! - administration: `users`, `passwords`, `roles`, `keys`, `list`, `names`, `import`, each change in a `transaction`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod attempts;
mod cache;
mod change_password;
#[cfg(feature = "token-service")]
mod clients;
mod connection;
mod credentials;
mod database;
mod database_url;
mod describe_url;
mod dialect;
mod error;
mod import;
mod insert;
mod keys;
mod last_used;
mod list;
#[cfg(feature = "postgres")]
mod listener;
mod migrate;
mod names;
#[cfg(feature = "account")]
mod one_time_tokens;
mod options;
#[cfg(feature = "account")]
mod own_account;
mod passwords;
mod pooler;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "token-service")]
mod refresh_tokens;
#[cfg(feature = "token-service")]
mod revocations;
mod roles;
#[cfg(feature = "account")]
mod second_factor;
mod session_cache;
mod sessions;
#[cfg(feature = "token-service")]
mod signing_keys;
mod sqlite_file;
mod store;
#[cfg(feature = "token-service")]
mod sweep;
mod text;
mod time;
mod transaction;
mod user_name;
mod users;

#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
pub use self::{
    account::{Account, KeyInfo, NewKey, NewUser, Page, Profile},
    describe_url::describe_url,
    error::StoreError,
    import::ImportOutcome,
    names::NamesInUse,
    options::SqlOptions,
    store::SqlUsers,
    user_name::normalize_name,
};
