//! A token service: an API that issues, refreshes and revokes access tokens, for mounting next to other APIs.
//!
//! [`TokenService`] has the settings, and its [`api`](TokenService::api) has the operations (`api.rs`). A request is
//! read in `request.rs` and its client authenticated in `client_auth.rs`. `grants.rs` decides, `rotation.rs` replaces
//! refresh tokens, `issue.rs` signs, and `revoke.rs` revokes. Granted scopes are in `scopes.rs`. Refresh tokens are in
//! `refresh_token.rs`, and clients with a secret in `client.rs`; each has a store trait with a store in memory.
//! Responses are in `respond.rs`.

mod api;
mod client;
mod client_auth;
mod error;
mod grants;
mod issue;
mod memory;
mod refresh_token;
mod request;
mod respond;
mod revoke;
mod rotation;
mod scopes;
mod service;

pub use self::{
    api::TokenApi,
    client::{Client, ClientStore},
    memory::{MemoryClients, MemoryRefreshTokens},
    refresh_token::{RefreshFamily, RefreshTokenStore},
    service::TokenService,
};
