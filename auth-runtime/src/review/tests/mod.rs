//! Tests of the document, its text and its analysis, against random policies.

#[cfg(all(feature = "api-key", feature = "basic", feature = "jwt"))]
mod agreement;
mod brute_force;
mod difference;
mod findings;
mod random;
mod text;
