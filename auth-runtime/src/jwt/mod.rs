//! Bearer tokens that are JSON Web Tokens: one of the authenticators of the second step, credential to identity.
//!
//! [`Jwt`] verifies them (`verifier.rs`), and [`TokenIssuer`] issues them (`token_issuer.rs`). A `Jwt` is made in
//! `builder.rs`. A token is taken apart in `jws.rs`. Its `issuer.rs` holds the sources of the keys (`key_source.rs`),
//! the rules for registered claims (`registered_claims.rs`) and for the token type (`token_type.rs`), and the claims
//! with roles and permissions (`claim_mapping.rs`). Verified tokens are kept in `token_cache.rs`.
//!
//! The signature is verified here and not by a library for JOSE, as each key has one algorithm, a key is parsed once,
//! and duplicate members, unknown `crit` and lax base64url are refused.

mod algorithm;
mod builder;
mod claim_mapping;
mod error;
mod issuer;
mod json;
mod jws;
mod key;
mod key_set;
mod key_source;
mod registered_claims;
mod remote;
mod revocations;
#[cfg(test)]
mod tests;
mod token_cache;
mod token_issuer;
mod token_type;
mod user_info_cache;
mod verifier;

#[cfg(feature = "http-client")]
pub use self::remote::HttpFetcher;
pub use self::{
    algorithm::Algorithm,
    builder::{JwtIssuer, JwtKey},
    error::JwtError,
    remote::{Fetch, FetchRequest, RemoteKeys},
    revocations::Revocations,
    token_issuer::{NewToken, TokenIssuer, TokenIssuerKey, TokenIssuerName},
    token_type::{TokenHints, TokenType},
    verifier::Jwt,
};
pub(crate) use self::{
    claim_mapping::{EPOCH_CLAIM, ROLES_CLAIM},
    remote::PlainHttp,
};
