//! Metadata of a protected resource (RFC 9728), from which clients find the authorization server.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    endpoint::make_sync,
    http::{
        HeaderValue, Uri,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
};
use serde_json::json;

use crate::declared::{AuthSchema, CredentialLocation};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// Where a bearer token stands (RFC 6750, section 2.1).
const BEARER: CredentialLocation = CredentialLocation::Authorization("Bearer");

/// A protected resource (RFC 9728): its identifier, and the authorization servers that issue access tokens for it.
///
/// Mount [`metadata`](Self::metadata) at [`metadata_path`](Self::metadata_path). As a middleware it adds
/// `resource_metadata` to each `Bearer` challenge (RFC 9728, section 5.1). The identifier is the audience that the
/// verifier of the tokens must require (RFC 8707, section 2); this type does not check it.
///
/// ```
/// use auth_runtime::{mount::ProtectedResource, prelude::*};
///
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// let resource = ProtectedResource::new::<Auth>("https://api.example.com/mcp")?
///     .authorization_server("https://issuer.example.com");
/// assert_eq!(resource.metadata_path(), "/.well-known/oauth-protected-resource/mcp");
/// # Ok::<(), auth_runtime::mount::InvalidResource>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    resource: String,
    origin: String,
    path: String,
    authorization_servers: Vec<String>,
    scopes: Vec<&'static str>,
    /// Whether tokens are sent in `Authorization`.
    takes_bearer: bool,
    name: Option<String>,
    requested_scopes: Option<String>,
}

/// Error if an identifier is not an absolute http or https URL, or has user information, a query or a fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the URL of a resource: write an absolute http or https URL without query and fragment")]
pub struct InvalidResource(String);

impl ProtectedResource {
    /// Returns the resource with this identifier, its URL as clients see it. The scopes are those that `A` declares.
    ///
    /// # Errors
    /// If the identifier is not an absolute http or https URL, or has user information, a query or a fragment (RFC
    /// 9728, section 1.2).
    pub fn new<A: AuthSchema>(resource: impl Into<String>) -> std::result::Result<Self, InvalidResource> {
        let resource = resource.into();
        let invalid = || InvalidResource(resource.clone());
        let url: Uri = resource.parse().map_err(|_| invalid())?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(invalid());
        };
        if url.query().is_some() || resource.contains('#') || authority.as_str().contains('@') {
            return Err(invalid());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let origin = format!("{scheme}://{authority}");
        Ok(Self {
            origin,
            path,
            authorization_servers: Vec::new(),
            scopes: A::declared_names().scopes.to_vec(),
            takes_bearer: A::SCHEMES.iter().any(|scheme| scheme.location().is(BEARER)),
            name: None,
            requested_scopes: None,
            resource,
        })
    }

    /// Adds an authorization server that issues tokens for this resource: its issuer identifier (RFC 8414).
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Sets the display name of the resource (default: none).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the scopes that a client should request at first (default: none, so clients request all scopes in the
    /// metadata). They are the parameter `scope` of each `Bearer` challenge that names no scopes itself (RFC 6750,
    /// section 3).
    ///
    /// # Panics
    /// If a scope is empty, or has a character that RFC 6749, section 3.3, does not allow.
    #[must_use]
    pub fn request_scopes<'a>(mut self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes: Vec<&str> = scopes.into_iter().collect();
        for scope in &scopes {
            let is_allowed = |byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
            assert!(!scope.is_empty() && scope.bytes().all(is_allowed), "{scope:?} is not a scope");
        }
        self.requested_scopes = (!scopes.is_empty()).then(|| scopes.join(" "));
        self
    }

    /// Returns the identifier.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns the origin of the identifier: `https://api.example.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the path of the metadata: the well-known path followed by the path of the resource (RFC 9728, section
    /// 3.1).
    #[must_use]
    pub fn metadata_path(&self) -> String {
        format!("{WELL_KNOWN}{}", self.path)
    }

    /// Serves the metadata. It is public, and pages of other origins may read it.
    #[must_use]
    pub fn metadata(&self) -> impl Endpoint + use<> {
        let mut metadata = json!({ "resource": self.resource });
        // A list without elements is left out (RFC 9728, section 3.2).
        if self.takes_bearer {
            metadata["bearer_methods_supported"] = json!(["header"]);
        }
        if !self.authorization_servers.is_empty() {
            metadata["authorization_servers"] = self.authorization_servers.clone().into();
        }
        if !self.scopes.is_empty() {
            metadata["scopes_supported"] = self.scopes.clone().into();
        }
        if let Some(name) = &self.name {
            metadata["resource_name"] = name.as_str().into();
        }
        let body = metadata.to_string();
        make_sync(move |_| {
            Response::builder()
                .header(CONTENT_TYPE, "application/json")
                .header(CACHE_CONTROL, "public, max-age=300")
                .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
                .body(body.clone())
        })
    }

    /// Adds `resource_metadata` to the `Bearer` challenges of a response.
    pub(crate) fn challenge(&self, mut response: Response) -> Response {
        let challenges: Vec<HeaderValue> = response.headers().get_all(WWW_AUTHENTICATE).iter().cloned().collect();
        if !challenges.is_empty() {
            response.headers_mut().remove(WWW_AUTHENTICATE);
        }
        for challenge in challenges {
            response.headers_mut().append(WWW_AUTHENTICATE, self.with_metadata(challenge));
        }
        response
    }

    fn with_metadata(&self, challenge: HeaderValue) -> HeaderValue {
        let text = challenge.to_str().unwrap_or_default();
        if !text.starts_with("Bearer ") || text.contains("resource_metadata=") {
            return challenge;
        }
        let mut text = format!("{text}, resource_metadata=\"{}{}\"", self.origin, self.metadata_path());
        if let Some(scopes) = self.requested_scopes.as_ref().filter(|_| !text.contains("scope=")) {
            text.extend([", scope=\"", scopes, "\""]);
        }
        HeaderValue::try_from(text).unwrap_or(challenge)
    }
}

impl<E: Endpoint> Middleware<E> for ProtectedResource {
    type Output = WithResource<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithResource { resource: self.clone(), inner }
    }
}

/// An endpoint whose challenges name the metadata of its resource; made by `.with(resource)`.
#[derive(Debug)]
pub struct WithResource<E> {
    resource: ProtectedResource,
    inner: E,
}

impl<E: Endpoint> Endpoint for WithResource<E> {
    type Output = Response;

    /// Makes a response of an error, so a handler of errors stands inside.
    async fn call(&self, request: Request) -> Result<Response> {
        let response = match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        Ok(self.resource.challenge(response))
    }
}
