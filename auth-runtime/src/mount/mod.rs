//! How protected APIs and routes are mounted: the service with its documents, and guarded subtrees.

mod argument;
mod handler;
mod methods;
mod openapi;
mod pages;
mod protect;
mod protected_resource;
mod service;
mod stateful;
#[cfg(feature = "swagger-ui")]
mod swagger_ui;
mod watch;

#[cfg(feature = "swagger-ui")]
pub use self::swagger_ui::OAuthClient;
pub use self::{
    argument::SecurityArgument,
    handler::ProtectedHandler,
    protect::{Protect, ProtectedEndpoint, WithAuth},
    protected_resource::{InvalidResource, ProtectedResource, WithResource},
    service::{Api, Protected, ProtectedService, Service, ServiceEndpoint},
    watch::WatchedEndpoint,
};
