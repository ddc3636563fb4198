//! Mounts protected APIs with their OpenAPI documents, and guards subtrees of routes.

mod argument;
mod handler;
mod methods;
mod openapi;
mod pages;
mod protect;
mod protected;
mod protected_resource;
mod service;
mod stateful;
#[cfg(feature = "swagger-ui")]
mod swagger_ui;
mod watched_endpoint;

#[cfg(feature = "swagger-ui")]
pub use self::swagger_ui::OAuthClient;
pub use self::{
    argument::SecurityArgument,
    handler::ProtectedHandler,
    protect::{Protect, ProtectedEndpoint, WithAuth},
    protected::Protected,
    protected_resource::{InvalidResource, ProtectedResource, WithResource},
    service::{Api, ProtectedService, Service, ServiceEndpoint},
    watched_endpoint::WatchedEndpoint,
};
