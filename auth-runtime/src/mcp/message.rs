//! The body of a request: JSON-RPC 2.0 messages, parsed once.
//!
//! The decision and the call use the same parsed value. A member that stands twice is an error, as readers disagree
//! about which one counts.

use poem_mcpserver::protocol::tool::ToolsCallRequest;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

use super::reply::RpcError;

/// The maximum number of messages in one batch.
const MAX_BATCH: usize = 100;

/// The messages of one body.
#[derive(Debug)]
pub(super) enum Body {
    Single(Message),
    Batch(Vec<Result<Message, (Value, RpcError)>>),
}

/// One message.
#[derive(Debug)]
pub(super) struct Message {
    /// A string or a number; `None` for a notification.
    pub(super) id: Option<Value>,
    pub(super) method: Method,
}

/// The request of a message.
#[derive(Debug)]
pub(super) enum Method {
    Initialize {
        protocol_version: String,
    },
    Ping,
    ToolsList,
    ToolsCall(ToolsCallRequest),
    /// A notification, or the response to a request that this server never sends; with its name.
    Ignored(String),
    Unknown(String),
}

impl Method {
    /// Returns the value of `Mcp-Method` that agrees with the message.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Initialize { .. } => "initialize",
            Self::Ping => "ping",
            Self::ToolsList => "tools/list",
            Self::ToolsCall(_) => "tools/call",
            Self::Ignored(name) | Self::Unknown(name) => name,
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    jsonrpc: String,
    #[serde(default, deserialize_with = "id")]
    id: Option<Value>,
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// A string or a number; `null` is no identifier of a request (MCP, "Base Protocol").
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    match Value::deserialize(deserializer)? {
        id @ (Value::String(_) | Value::Number(_)) => Ok(Some(id)),
        _ => Err(D::Error::custom("an id is a string or a number")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initialize {
    protocol_version: String,
}

impl Body {
    /// Parses a body.
    ///
    /// # Errors
    /// The JSON-RPC error, with the identifier of the message if it is known.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, (Value, RpcError)> {
        let batch = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        if !batch {
            return Message::parse(bytes).map(Self::Single);
        }
        let messages: Vec<&RawValue> = serde_json::from_slice(bytes).map_err(|error| (Value::Null, syntax(&error)))?;
        if messages.is_empty() || messages.len() > MAX_BATCH {
            return Err((Value::Null, RpcError::invalid_request(format!("a batch has 1 to {MAX_BATCH} messages"))));
        }
        Ok(Self::Batch(messages.into_iter().map(|message| Message::parse(message.get().as_bytes())).collect()))
    }
}

impl Message {
    fn parse(bytes: &[u8]) -> Result<Self, (Value, RpcError)> {
        // Serde would read an array as the members in their order.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err((Value::Null, RpcError::invalid_request("a message is an object")));
        }
        let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|error| (Value::Null, syntax(&error)))?;
        let id = envelope.id.clone();
        let method = Method::parse(envelope).map_err(|error| (id.clone().unwrap_or_default(), error))?;
        Ok(Self { id, method })
    }
}

impl Method {
    fn parse(envelope: Envelope<'_>) -> Result<Self, RpcError> {
        if envelope.jsonrpc != "2.0" {
            return Err(RpcError::invalid_request("`jsonrpc` must be \"2.0\""));
        }
        let params = envelope.params.map_or("{}", RawValue::get);
        match (envelope.method, envelope.id) {
            (None, Some(_)) if envelope.result.is_some() != envelope.error.is_some() => {
                Ok(Self::Ignored(String::new()))
            }
            (None, _) => Err(RpcError::invalid_request("`method` is missing")),
            (Some(method), None) if method.starts_with("notifications/") => Ok(Self::Ignored(method)),
            (Some(method), None) => Err(RpcError::invalid_request(format!("`{method}` needs an `id`"))),
            (Some(method), Some(_)) => Self::request(method, params),
        }
    }

    fn request(method: String, params: &str) -> Result<Self, RpcError> {
        let invalid = |error: serde_json::Error| RpcError::invalid_params(error.to_string());
        Ok(match method.as_str() {
            "initialize" => {
                let Initialize { protocol_version } = serde_json::from_str(params).map_err(invalid)?;
                Self::Initialize { protocol_version }
            }
            "ping" => Self::Ping,
            "tools/list" => Self::ToolsList,
            "tools/call" => Self::ToolsCall(serde_json::from_str(params).map_err(invalid)?),
            _ => Self::Unknown(method),
        })
    }
}

/// Text that is not JSON is a parse error; JSON of another shape is an invalid request (JSON-RPC 2.0, section 5.1).
fn syntax(error: &serde_json::Error) -> RpcError {
    if error.is_data() {
        RpcError::invalid_request(error.to_string())
    } else {
        RpcError::parse_error(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Message, Method};

    fn call(text: &str) -> Result<(String, serde_json::Value), i32> {
        match Body::parse(text.as_bytes()) {
            Ok(Body::Single(Message { method: Method::ToolsCall(call), .. })) => Ok((call.name, call.arguments)),
            Ok(other) => panic!("{other:?}"),
            Err((_, error)) => Err(error.code),
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        for body in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}"#,
        ] {
            assert!(matches!(call(body), Err(-32600 | -32602)), "{body}");
        }
        assert_eq!(
            call(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1}}}"#)
                .unwrap(),
            ("a".to_owned(), serde_json::json!({"x": 1}))
        );
    }

    #[test]
    fn malformed_messages_have_the_codes_of_json_rpc() {
        for (body, code) in [
            ("", -32700),
            ("{", -32700),
            ("[", -32700),
            ("[]", -32600),
            ("1", -32600),
            ("{}", -32600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
            (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, -32602),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, -32700),
        ] {
            assert_eq!(Body::parse(body.as_bytes()).map_err(|(_, error)| error.code).err(), Some(code), "{body}");
        }
    }
}
