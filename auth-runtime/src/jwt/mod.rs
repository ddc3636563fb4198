//! Bearer tokens that are JSON Web Tokens: one of the authenticators of the second step, credential to identity.
//!
//! [`Jwt`] verifies them (`verifier.rs`), and [`TokenIssuer`] issues them (`token_issuer.rs`, `new_token.rs`).
//! `builder.rs` builds a `Jwt`. `jws.rs` parses a token. A trusted issuer (`issuer.rs`) has the sources of its keys
//! (`key_source.rs`), the rules for registered claims (`registered_claims.rs`) and for the token type
//! (`token_type.rs`), and the claims with roles and permissions (`claim_mapping.rs`, `role_table.rs`). `token_cache.rs`
//! caches verified tokens. `revocations.rs` lists revoked tokens, and several processes share the list through a
//! `revocation_store.rs`. `key_ring` rotates signing keys. Several tenants are one issuer with a template
//! (`tenants.rs`). Roles may come from a store of the application instead (`local_roles.rs`).
//!
//! The signature is verified here and not by a library for JOSE: each key has one algorithm and is parsed once, and
//! duplicate members, any `crit` and lax base64url are rejected.

mod algorithm;
mod builder;
mod claim_mapping;
mod error;
mod issuer;
mod json;
mod jws;
mod key;
#[cfg(feature = "token-service")]
mod key_ring;
mod key_set;
mod key_source;
mod local_roles;
mod new_token;
mod registered_claims;
pub(crate) mod remote;
mod revocation_source;
mod revocation_store;
mod revocations;
mod role_table;
mod stale;
mod tenants;
#[cfg(test)]
mod tests;
mod token_cache;
mod token_issuer;
mod token_type;
mod user_info_cache;
mod verifier;

#[cfg(feature = "basic")]
pub(crate) use self::claim_mapping::{EPOCH_CLAIM, ROLES_CLAIM};
#[cfg(feature = "token-service")]
pub use self::key_ring::{
    KeyRing, KeyRingError, KeyState, MemorySigningKeys, SigningKeyRecord, SigningKeyStore, states as key_states,
};
#[cfg(feature = "http-client")]
pub use self::remote::HttpFetcher;
// A program that fetches keys names `RemoteKeys`. Without these features, the compiler shows this line.
#[cfg(any(feature = "http-client", feature = "custom-fetcher"))]
pub use self::remote::{
    fetch::{Fetch, FetchRequest},
    settings::RemoteKeys,
};
pub use self::{
    algorithm::Algorithm,
    builder::{JwtIssuer, JwtKey},
    error::JwtError,
    local_roles::{LocalAccess, LocalRoles, RoleStore},
    new_token::NewToken,
    revocation_store::{NewRevocations, Revocation, RevocationKind, RevocationStore},
    revocations::Revocations,
    role_table::{Entitlement, RoleTable, SharedRoleTable},
    stale::StaleHandle,
    tenants::Tenants,
    token_issuer::{TokenIssuer, TokenIssuerKey, TokenIssuerName},
    token_type::{TokenHints, TokenType},
    verifier::Jwt,
};
