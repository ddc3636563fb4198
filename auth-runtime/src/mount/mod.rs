//! How protected APIs and routes are mounted: the service with its documents, and guarded subtrees.

mod argument;
mod openapi;
mod protect;
mod service;

pub use self::{
    argument::SecurityArgument,
    protect::{Protect, ProtectedEndpoint, WithAuth},
    service::{Api, KnownMethods, Protected, ProtectedService, Service},
};
