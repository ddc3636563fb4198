//! JSON-RPC replies.

use poem::{
    Response,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;
use serde_json::Value;

/// A JSON-RPC error (JSON-RPC 2.0, section 5.1).
#[derive(Debug, Serialize)]
pub(super) struct RpcError {
    pub(super) code: i32,
    message: String,
}

impl RpcError {
    const fn new(code: i32, message: String) -> Self {
        Self { code, message }
    }

    pub(super) fn parse_error(message: impl Into<String>) -> Self {
        Self::new(-32700, message.into())
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32600, message.into())
    }

    pub(super) fn method_not_found(method: &str) -> Self {
        Self::new(-32601, format!("method `{method}` is not supported"))
    }

    pub(super) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32602, message.into())
    }

    /// A header disagrees with the body (MCP, SEP-2243).
    pub(super) fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(-32001, message.into())
    }

    /// A call in a batch that was rejected; `message` is the code of the rejection.
    pub(super) fn rejected(message: impl Into<String>) -> Self {
        Self::new(-32003, message.into())
    }

    /// Returns the error that a tool gave; its members are private, but can be serialized.
    pub(super) fn of(error: &poem_mcpserver::protocol::rpc::RpcError) -> Self {
        let error = serde_json::to_value(error).unwrap_or_default();
        let code = error["code"].as_i64().and_then(|code| i32::try_from(code).ok());
        Self::new(code.unwrap_or(-32603), error["message"].as_str().unwrap_or("internal error").to_owned())
    }

    /// The error of a tool that does not exist. A hidden tool has the same.
    pub(super) fn unknown_tool(name: &str) -> Self {
        Self::invalid_params(format!("unknown tool: {name}"))
    }
}

/// The reply to one message.
#[derive(Debug, Serialize)]
pub(super) struct Reply {
    jsonrpc: &'static str,
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RpcError>,
}

impl Reply {
    /// Returns the reply to the message with this identifier.
    pub(super) fn new(id: Value, outcome: Result<Value, RpcError>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        Self { jsonrpc: "2.0", id, result, error }
    }
}

/// Returns the response with a reply, or a list of them, as its body.
pub(super) fn response(status: StatusCode, reply: &impl Serialize) -> Response {
    // The members are strings, numbers and values, so this cannot fail.
    let body = serde_json::to_string(reply).unwrap_or_default();
    Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body)
}

/// Returns the response to a request that has no usable message.
pub(super) fn refusal(status: StatusCode, id: Value, error: RpcError) -> Response {
    response(status, &Reply::new(id, Err(error)))
}
