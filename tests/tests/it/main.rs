//! Behaviour of auth-runtime through its public API, in one binary: it takes longer to link than to run.

#![allow(clippy::unused_async, clippy::unused_self, reason = "what is tested are signatures of endpoints")]

mod browsers;
mod challenges;
mod credentials;
mod fixture;
mod methods;
mod ordering;
mod paths;
mod refusals;
mod wide;
mod wire;
