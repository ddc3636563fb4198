//! A tool of `poem-mcpserver` that returns the entry: bare, public, and with a rule.

#![allow(clippy::unused_async, reason = "poem-mcpserver requires async tools")]

use auth_runtime::{mcp::Mcp, prelude::*};
use poem::{
    IntoEndpoint, Request, handler,
    http::{Method, header::CONTENT_TYPE},
    post,
    web::Json,
};
use poem_mcpserver::{McpServer, Tools, content::Text, protocol::rpc};
use serde_json::Value;

use super::{
    poem_app::{Exchange, PoemApp},
    this_library::{Cache, TokenAuth, jwt},
};
use crate::{contender::Shared, credentials::Credentials, entry::Entry, keys::Keys};

/// `tools/call` with the number of the entry.
const CALL: Exchange = Exchange { request, entry };

fn request() -> Request {
    let message = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"entry","arguments":{"id":42}}}"#;
    Request::builder().method(Method::POST).header(CONTENT_TYPE, "application/json").body(message)
}

/// Returns the text of the tool's result, if the tool ran.
fn entry(body: String) -> String {
    let reply: Value = serde_json::from_str(&body).unwrap_or_default();
    reply["result"]["content"][0]["text"].as_str().map_or(body, str::to_owned)
}

fn found(id: i64) -> Text<String> {
    Text(serde_json::to_string(&Entry::of(id)).unwrap_or_default())
}

struct BareEntries;

#[Tools]
impl BareEntries {
    /// Returns an entry.
    async fn entry(&self, id: i64) -> Text<String> {
        found(id)
    }
}

/// A server for each request, as `auth.mcp(..)` has one.
#[handler]
async fn serve(Json(request): Json<rpc::Request>) -> Json<Option<rpc::Response<Value>>> {
    Json(McpServer::new().tools(BareEntries).handle_request(request).await)
}

/// Returns a contender without protection.
#[must_use]
pub fn bare() -> Shared {
    PoemApp::with("bare poem-mcpserver", post(serve), Credentials::none(), CALL)
}

struct PublicEntries;

#[protected(auth = TokenAuth)]
#[Tools]
impl PublicEntries {
    /// Returns an entry.
    #[public(reason = "measures the cost of the endpoint")]
    async fn entry(&self, id: i64) -> Text<String> {
        found(id)
    }
}

/// Returns a contender with a public tool: the endpoint's cost without a credential check.
#[must_use]
pub fn public(keys: &Keys) -> Shared {
    let endpoint = auth(keys).mcp(|_| PublicEntries).into_endpoint();
    PoemApp::with("auth-runtime, public tool", endpoint, Credentials::none(), CALL)
}

struct ProtectedEntries;

#[protected(auth = TokenAuth)]
#[Tools]
impl ProtectedEntries {
    /// Returns an entry.
    #[permission("entries:view")]
    async fn entry(&self, id: i64) -> Text<String> {
        found(id)
    }
}

/// Returns a contender with a tool that needs a permission.
#[must_use]
pub fn known_token(keys: &Keys) -> Shared {
    let endpoint = auth(keys).mcp(|_| ProtectedEntries).into_endpoint();
    PoemApp::with("auth-runtime, tool", endpoint, Credentials::tokens(keys), CALL)
}

fn auth(keys: &Keys) -> TokenAuth {
    TokenAuth { token: jwt(keys, Cache::On) }
}
