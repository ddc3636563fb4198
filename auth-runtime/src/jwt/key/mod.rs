//! Keys, each with the one algorithm it is for (RFC 8725, section 3.1), parsed once and for all when they are loaded.
//!
//! `pem.rs` and `jwk.rs` read keys. The result is a `public.rs` (numbers and points of a checked form) or a
//! `secret.rs`. `verifying.rs` verifies with it, by the arithmetic of `aws_lc.rs` or `rust_crypto.rs`, which give the
//! same results. `signing.rs` signs, and `publish.rs` writes the public half.

#[cfg(any(test, feature = "jwt"))]
mod aws_lc;
mod backend;
mod edwards;
pub(super) mod jwk;
pub(super) mod named;
mod pem;
mod public;
mod publish;
#[cfg(any(test, not(feature = "jwt")))]
mod rust_crypto;
mod secret;
pub(super) mod signing;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod unusable_key;
pub(super) mod verifying;
