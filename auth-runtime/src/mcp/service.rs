//! Mounts protected tools: `auth.mcp(|caller| Notes)`.

use std::fmt;

use poem::IntoEndpoint;

use super::{McpEndpoint, ProtectedTools, settings::Settings};
use crate::{
    authenticate::Principal,
    guard::AuthConfig,
    mount::{ProtectedResource, WithAuth},
};

/// Mounts MCP tools. Every `Auth` has it.
pub trait Mcp: AuthConfig {
    /// Returns an endpoint that serves these tools as streamable HTTP, without sessions.
    ///
    /// `make` runs for each call, and returns the tools for its caller. The caller is `None` for each call of a tool
    /// with `#[public]`, and for anonymous calls of a tool with `#[optional_auth]`.
    ///
    /// # Panics
    /// If a tool can only be called with schemes that are not configured, or if two tools have one name.
    fn mcp<T, F>(&self, make: F) -> McpService<T, F>
    where
        T: ProtectedTools<Auth = Self>,
        F: Fn(Option<&Principal<Self>>) -> T + Send + Sync + 'static,
    {
        McpService::new(self, make)
    }
}

impl<A: AuthConfig> Mcp for A {}

/// An endpoint of MCP tools before it is mounted; made by [`Mcp::mcp`].
pub struct McpService<T: ProtectedTools, F> {
    auth: T::Auth,
    resource: Option<ProtectedResource>,
    settings: Settings<T::Auth>,
    make: F,
}

impl<T: ProtectedTools, F> fmt::Debug for McpService<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpService").field("tools", &self.settings.tools.keys()).finish_non_exhaustive()
    }
}

impl<T: ProtectedTools, F> McpService<T, F> {
    /// Default of [`max_body`](Self::max_body).
    pub const DEFAULT_MAX_BODY: usize = 1024 * 1024;

    fn new(auth: &T::Auth, make: F) -> Self {
        Self { auth: auth.cloned(), resource: None, settings: Settings::of::<T>(auth, Self::DEFAULT_MAX_BODY), make }
    }

    /// Sets the name and the version that `initialize` returns (default: `poem-mcpserver`, `1.0.0`).
    #[must_use]
    pub fn server_info(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self.settings.version = version.into();
        self
    }

    /// Allows pages of one more origin, such as `https://app.example.com`. Pages of loopback, at any port, and of the
    /// origin of [`resource`](Self::resource) are always allowed. A page of another origin gets 403.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.settings.origins.push(origin.into());
        self
    }

    /// Sets the maximum size of a body in bytes (default: 1 MiB). A larger one gets 413.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Answers "unknown tool" instead of 403 (default: 403 with a challenge, which lets a client ask for the scopes of
    /// the rule). A caller still learns of a tool that asks for another credential, or for a newer or stronger sign-in:
    /// it gets 401.
    #[must_use]
    pub fn hide_forbidden(mut self) -> Self {
        self.settings.hide_forbidden = true;
        self
    }

    /// Names the metadata of this resource in each challenge (RFC 9728, section 5.1), and allows its origin.
    #[must_use]
    pub fn resource(mut self, resource: &ProtectedResource) -> Self {
        self.settings.origins.push(resource.origin().to_owned());
        self.resource = Some(resource.clone());
        self
    }
}

impl<T, F> IntoEndpoint for McpService<T, F>
where
    T: ProtectedTools,
    F: Fn(Option<&Principal<T::Auth>>) -> T + Send + Sync + 'static,
{
    type Endpoint = WithAuth<T::Auth, McpEndpoint<T, F>>;

    fn into_endpoint(self) -> Self::Endpoint {
        WithAuth::new(&self.auth, McpEndpoint::new(self.settings, self.resource, self.make))
    }
}
