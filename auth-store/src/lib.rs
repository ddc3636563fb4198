//! Keeps users and API keys in a database: SQLite, PostgreSQL, MariaDB or MySQL. Shared state, such as attempts and
//! sessions, is in the same database or in Redis.
//!
//! [`SqlUsers`] is one store for [`Basic`](auth_runtime::users::Basic), [`ApiKeys`](auth_runtime::api_key::ApiKeys) and
//! [`UserTokens`](auth_runtime::users::UserTokens). It implements public traits of `auth_runtime` with public items
//! only, so an application can write its own store in the same way.
//!
//! The main modules are:
//!
//! - `users`: sign-in, administration, and what users do with their own account;
//! - `api_keys`: verification and administration;
//! - `cache`: users and keys in memory, as long as they are fresh;
//! - `shared_state`: attempts, sessions, refresh tokens, revocations and signing keys;
//! - `redis`: the same state in Redis, with the feature `redis`;
//! - `sql`: connections, transactions, the differences between databases, and `migrations`;
//! - `store` and `options`: the type [`SqlUsers`] and its settings.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_keys;
mod cache;
mod describe_url;
mod error;
mod options;
#[cfg(feature = "redis")]
mod redis;
mod shared_state;
mod sql;
mod store;
mod text;
mod time;
mod users;

#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
pub use self::{
    api_keys::{KeyInfo, NewKey},
    describe_url::describe_url,
    error::StoreError,
    options::SqlOptions,
    store::SqlUsers,
    users::{Account, ImportOutcome, NamesInUse, NewUser, Page, Profile, normalize_name},
};
