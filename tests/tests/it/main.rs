//! Behaviour of auth-runtime through its public API, in one binary: it takes longer to link than to run.

#![allow(clippy::unused_async, clippy::unused_self, reason = "what is tested are signatures of endpoints")]

mod attacks;
mod browsers;
mod callers;
mod challenges;
mod checks;
mod credentials;
mod documented;
mod events;
mod fixture;
mod log;
mod methods;
mod mounting;
mod openapi;
mod ordering;
mod paths;
mod properties;
mod refusals;
mod rules;
mod subtrees;
mod tables;
mod throttling;
mod tokens;
mod wide;
mod wire;
