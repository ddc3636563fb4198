//! A directory behind an application, with a fake directory server: the status for each response, and the requests that
//! the server receives.

mod authority;
mod entries;
mod fake;
mod settings;
mod setup;
mod sign_in;
mod sign_in_page;
