//! The account over HTTP: pages for browsers, JSON for programs.

mod answer;
mod error;
mod fields;
mod headers;
mod page;
mod reset;
mod routes;
mod second_factor;
mod sign_in;
mod verification;
