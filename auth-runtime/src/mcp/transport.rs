//! The rules of the transport: method, origin, media type, protocol version, and headers that repeat the body.

use std::pin::pin;

use futures_util::TryStreamExt;
use poem::{
    Body, Request,
    error::ReadBodyError,
    http::{HeaderMap, HeaderName, Method as HttpMethod, StatusCode, Uri, header},
};

use super::{
    message::Method,
    reply::{self, RpcError},
};

/// Revisions of the protocol that this endpoint speaks, the newest first.
pub(super) const PROTOCOL_VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

static PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
static METHOD: HeaderName = HeaderName::from_static("mcp-method");
static NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Why the transport refuses a request.
#[derive(Debug)]
pub(super) enum Refused {
    Method,
    Origin,
    MediaType,
    ProtocolVersion,
    Header(RpcError),
}

impl Refused {
    pub(super) fn into_response(self) -> poem::Response {
        let (status, error) = match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, RpcError::invalid_request("send messages with POST")),
            Self::Origin => (StatusCode::FORBIDDEN, RpcError::invalid_request("the origin is not allowed")),
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                RpcError::invalid_request("`Content-Type` must be application/json"),
            ),
            Self::ProtocolVersion => (
                StatusCode::BAD_REQUEST,
                RpcError::invalid_request(format!("`MCP-Protocol-Version` must be one of {PROTOCOL_VERSIONS:?}")),
            ),
            Self::Header(error) => (StatusCode::BAD_REQUEST, error),
        };
        let mut response = reply::refusal(status, serde_json::Value::Null, error);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        }
        response
    }
}

/// Checks what precedes authentication: a page of a foreign origin learns nothing.
pub(super) fn before_authentication(request: &Request, origins: &[String]) -> Result<(), Refused> {
    if !origin_is_allowed(request.headers(), origins) {
        return Err(Refused::Origin);
    }
    if request.method() == HttpMethod::POST { Ok(()) } else { Err(Refused::Method) }
}

/// Checks what follows authentication: the form of the message.
pub(super) fn after_authentication(request: &Request) -> Result<(), Refused> {
    if !is_json(request.headers()) {
        return Err(Refused::MediaType);
    }
    match only(request.headers(), &PROTOCOL_VERSION) {
        Ok(None) => Ok(()),
        Ok(Some(version)) if PROTOCOL_VERSIONS.contains(&version) => Ok(()),
        _ => Err(Refused::ProtocolVersion),
    }
}

/// Reads a body; `None` if it is larger than the limit.
///
/// Poem's reader has a buffer of 4 KiB, which would be cleared and copied with the future of each request.
pub(super) async fn read(body: Body, limit: usize) -> Result<Option<Vec<u8>>, ReadBodyError> {
    let mut chunks = pin!(body.into_bytes_stream());
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        if bytes.len() + chunk.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// A page that was loaded from elsewhere could reach a server on this machine by DNS rebinding. Its `Origin` then names
/// the page (MCP, "Transports", security warning). A request without `Origin` does not come from a page.
fn origin_is_allowed(headers: &HeaderMap, origins: &[String]) -> bool {
    match only(headers, &header::ORIGIN) {
        Ok(None) => true,
        Ok(Some(origin)) => is_loopback(origin) || origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
        Err(Repeated) => false,
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = origin.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_ascii_lowercase));
    host.is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(media_type)) = only(headers, &header::CONTENT_TYPE) else { return false };
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The headers `Mcp-Method` and `Mcp-Name`, which repeat the body (SEP-2243). Both may be absent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Announced {
    method: Option<String>,
    name: Option<String>,
}

impl Announced {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let read = |name: &HeaderName| match only(headers, name) {
            Ok(value) => Ok(value.map(str::to_owned)),
            Err(Repeated) => Err(Refused::Header(RpcError::header_mismatch(format!("`{name}` must stand once")))),
        };
        Ok(Self { method: read(&METHOD)?, name: read(&NAME)? })
    }

    /// Returns the tool that the body will call, if the headers say so.
    pub(super) fn tool(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.method.as_deref() == Some("tools/call"))
    }

    /// Checks that the headers agree with the message.
    pub(super) fn agrees_with(&self, method: &Method) -> Result<(), RpcError> {
        let mismatch = |header: &str| Err(RpcError::header_mismatch(format!("`{header}` disagrees with the body")));
        if self.method.as_deref().is_some_and(|announced| announced != method.name()) {
            return mismatch("Mcp-Method");
        }
        match (&self.name, method) {
            (Some(name), Method::ToolsCall(call)) if *name != call.name => mismatch("Mcp-Name"),
            _ => Ok(()),
        }
    }

    /// Whether one of the headers stands there: a batch has no headers of its messages.
    pub(super) fn is_some(&self) -> bool {
        self.method.is_some() || self.name.is_some()
    }
}

/// A header stands more than once, or is not text.
struct Repeated;

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Repeated),
        (Some(_), Some(_)) => Err(Repeated),
    }
}
