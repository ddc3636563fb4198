//! How protected APIs and routes are mounted: the service with its documents, and guarded subtrees.

mod argument;
mod handler;
mod methods;
mod openapi;
mod pages;
mod protect;
mod service;
mod watch;

pub use self::{
    argument::SecurityArgument,
    handler::ProtectedHandler,
    methods::KnownMethods,
    protect::{Protect, ProtectedEndpoint, WithAuth},
    service::{Api, Protected, ProtectedService, Service},
    watch::WatchedEndpoint,
};
