//! `GET /auth/me`: the caller as a front end needs it.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    marker::PhantomData,
    time::SystemTime,
};

use poem_openapi::{ApiResponse, Object, OpenApi, param::Header, payload::Json, types::ToJSON};

use crate::{
    authenticate::{Principal, contains},
    declared::{AuthSchema, TableSet},
    guard::AuthConfig,
    protected,
};

/// Stored by the caller's own browser, and compared with the server before each use.
const CACHE_CONTROL: &str = "private, no-cache";

/// An API with one operation: `GET /auth/me` describes the caller, for front ends.
///
/// ```
/// use auth_runtime::{me::Me, prelude::*};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(api_key(header = "X-API-Key"))]
///     key: ApiKeys,
/// }
///
/// let auth = Auth { key: ApiKeys::default() };
/// let app = auth.service(Me::new(), "Entries", "1.0");
/// ```
///
/// ```json
/// {
///   "issuer": "basic",
///   "subject": "7f9c2ba4e88f827d616045507605853e",
///   "username": "alice",
///   "display_name": "Alice A.",
///   "roles": ["Viewer"],
///   "permissions": ["view"],
///   "scheme": "session",
///   "authenticated_at": 1700000000,
///   "acr": "mfa"
/// }
/// ```
///
/// The response has a strong `ETag`. With `If-None-Match`, it is 304 until something changes, such as a role.
///
/// A front end hides the controls that the caller may not use. The service still decides each request.
pub struct Me<A>(PhantomData<fn() -> A>);

impl<A> Me<A> {
    /// Returns the API.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// The caller
#[derive(Clone, Debug, PartialEq, Eq, Object)]
#[oai(rename = "Me")]
pub struct MeBody {
    /// The issuer of the caller: the name of a store, or the `iss` of a token
    pub issuer: String,
    /// The identifier of the caller, which is unique within the issuer
    pub subject: String,
    /// The name for signing in, which can change
    #[oai(skip_serializing_if_is_none)]
    pub username: Option<String>,
    /// The name to show
    pub display_name: String,
    /// The roles, in the order of their declaration
    pub roles: Vec<String>,
    /// The permissions, including those of the roles, in the order of their declaration
    pub permissions: Vec<String>,
    /// The security scheme of the credential
    pub scheme: String,
    /// The time of the last sign-in, in seconds since 1970
    #[oai(skip_serializing_if_is_none)]
    pub authenticated_at: Option<u64>,
    /// The authentication context class of the sign-in
    #[oai(skip_serializing_if_is_none)]
    pub acr: Option<String>,
}

#[derive(ApiResponse)]
enum MeResponse {
    /// The caller
    #[oai(status = 200)]
    Caller(
        Json<Box<MeBody>>,
        /// The version of the response
        #[oai(header = "ETag")]
        String,
        #[oai(header = "Cache-Control")] String,
    ),
    /// The response is the one that `If-None-Match` names
    #[oai(status = 304)]
    NotModified(
        /// The version of the response
        #[oai(header = "ETag")]
        String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[protected(auth = A)]
#[OpenApi(prefix_path = "/auth")]
impl<A: AuthConfig> Me<A> {
    /// Describes the caller
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(
        &self,
        caller: Principal<A>,
        /// The versions that the client has
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
    ) -> MeResponse {
        let body = MeBody::of(&caller);
        let tag = etag(&body.to_json_string());
        let has_it = if_none_match.0.is_some_and(|tags| names(&tags, &tag));
        let cache_control = CACHE_CONTROL.to_owned();
        if has_it {
            MeResponse::NotModified(tag, cache_control)
        } else {
            MeResponse::Caller(Json(Box::new(body)), tag, cache_control)
        }
    }
}

impl MeBody {
    /// Returns the description of a caller.
    #[must_use]
    pub fn of<A: AuthSchema>(caller: &Principal<A>) -> Self {
        let declared = A::declared_names();
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
        Self {
            issuer: caller.issuer().to_owned(),
            subject: caller.subject().to_owned(),
            username: caller.username().map(str::to_owned),
            display_name: caller.display_name().to_owned(),
            roles: held(declared.roles, caller.roles().as_slice()),
            permissions: held(declared.permissions, caller.permissions().as_slice()),
            scheme: caller.scheme().to_owned(),
            authenticated_at: caller.authenticated_at().and_then(since).map(|time| time.as_secs()),
            acr: caller.acr().map(str::to_owned),
        }
    }
}

/// Returns the names whose bits are set.
fn held(names: &[&str], words: &[u64]) -> Vec<String> {
    let indexed = (0..).zip(names);
    indexed.filter(|(index, _)| contains(words, *index)).map(|(_, name)| (*name).to_owned()).collect()
}

/// Returns the entity tag of a response. A caller can only collide with their own responses.
fn etag(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether `If-None-Match` names this tag (RFC 9110, section 13.1.2).
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}

impl<A> Clone for Me<A> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<A> Default for Me<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Debug for Me<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Me")
    }
}

#[cfg(test)]
mod tests {
    use super::{etag, names};

    #[test]
    fn tags_are_compared_as_rfc_9110_says() {
        let tag = etag("body");
        assert_eq!((tag.len(), tag.starts_with('"')), (18, true));
        assert_ne!(tag, etag("other"));
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), format!("{tag},\"x\""), "*".to_owned()] {
            assert!(names(&tags, &tag), "{tags}");
        }
        for tags in ["", "\"x\"", tag.trim_matches('"')] {
            assert!(!names(tags, &tag), "{tags}");
        }
    }
}
