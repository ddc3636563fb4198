//! How protected APIs and routes are mounted: the service with its documents, and guarded subtrees.

mod openapi;
mod protect;
mod service;

pub use self::{
    protect::{Protect, ProtectedEndpoint, WithAuth},
    service::{Api, KnownMethods, Protected, ProtectedService, Service},
};
