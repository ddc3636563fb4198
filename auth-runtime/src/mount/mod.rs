//! How protected APIs and routes are mounted: the service with its documents, and guarded subtrees.

mod argument;
mod methods;
mod openapi;
mod pages;
mod protect;
mod service;

pub use self::{
    argument::SecurityArgument,
    methods::KnownMethods,
    protect::{Protect, ProtectedEndpoint, WithAuth},
    service::{Api, Protected, ProtectedService, Service},
};
