//! The account over HTTP: pages for browsers, JSON for programs.

mod error;
mod fields;
mod headers;
mod mount;
mod page;
mod policy;
mod reset;
mod response;
mod routes;
mod second_factor;
mod sign_in;
mod verification;
