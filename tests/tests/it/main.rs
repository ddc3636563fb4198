//! Tests of auth-runtime through its public API. They share one binary, because linking takes longer than running.

#![allow(clippy::unused_async, clippy::unused_self, reason = "the tests need these signatures of endpoints")]

mod account;
mod account_pages;
mod acting;
mod attacks;
mod browsers;
mod callers;
mod challenges;
mod checks;
mod claims;
mod configured_names;
mod credentials;
mod documented;
mod events;
mod fixture;
#[path = "../flows/mod.rs"]
mod flows;
mod forged_sessions;
mod generated;
mod issuers;
mod key_ring;
mod locations;
mod log;
mod mcp;
mod me;
mod methods;
mod metrics;
mod mounting;
mod named_rules;
mod openapi;
mod ordering;
mod pairs;
mod paths;
mod properties;
mod refusals;
mod review;
mod rules;
mod session_input;
mod session_stores;
mod sessions;
mod shared_apis;
mod short_cut;
mod sign_in_pages;
mod subtrees;
mod tables;
mod throttling;
mod token_service;
mod tokens;
mod webhooks;
mod wide;
mod wire;
