//! The endpoint: one request after the other, each decided on its own.

use std::fmt;

use poem::{Endpoint, Error, Request, Response, Result, http::StatusCode};
use poem_mcpserver::{protocol::tool::ToolsCallRequest, tool::Tools};
use serde_json::{Map, Value, json};

use super::{
    ProtectedTools, ToolGuard,
    gate::Callers,
    message::{Body, Message, Method},
    reply::{self, Reply, RpcError},
    settings::Settings,
    transport::{self, Announced, PROTOCOL_VERSIONS},
};
use crate::{
    authenticate::Principal,
    guard::{Admission, admit},
    mount::ProtectedResource,
    respond::{Rejection, RejectionCode, forbid_store, is_rejection},
};

/// Serves protected tools; made by [`Mcp::mcp`](super::Mcp::mcp).
pub struct McpEndpoint<T: ProtectedTools, F> {
    settings: Settings<T::Auth>,
    resource: Option<ProtectedResource>,
    make: F,
}

impl<T: ProtectedTools, F> fmt::Debug for McpEndpoint<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpEndpoint").finish_non_exhaustive()
    }
}

/// Why a call has no result.
enum Failure {
    /// A JSON-RPC error.
    Rpc(RpcError),
    /// A rejection with its status and its challenges.
    Rejected(Error),
}

impl Failure {
    fn of(rejection: Rejection) -> Self {
        Self::Rejected(rejection.into_error())
    }

    /// In a batch, a rejection is an error of its message: the response has one status.
    fn in_batch(self) -> RpcError {
        match self {
            Self::Rpc(error) => error,
            Self::Rejected(error) => RpcError::rejected(error.to_string()),
        }
    }
}

impl<T, F> Endpoint for McpEndpoint<T, F>
where
    T: ProtectedTools,
    F: Fn(Option<&Principal<T::Auth>>) -> T + Send + Sync + 'static,
{
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response = self.serve(request).await.unwrap_or_else(Error::into_response);
        forbid_store(&mut response);
        Ok(match &self.resource {
            Some(resource) => resource.challenge(response),
            None => response,
        })
    }
}

impl<T, F> McpEndpoint<T, F>
where
    T: ProtectedTools,
    F: Fn(Option<&Principal<T::Auth>>) -> T + Send + Sync + 'static,
{
    pub(super) fn new(settings: Settings<T::Auth>, resource: Option<ProtectedResource>, make: F) -> Self {
        Self { settings, resource, make }
    }

    async fn serve(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        if let Err(refused) = transport::before_authentication(&request, &self.settings.origins) {
            return Ok(refused.into_response());
        }
        self.settings.gate.admit(&request).await.map_err(Rejection::into_error)?;
        let announced = match transport::after_authentication(&request).and_then(|()| Announced::of(request.headers()))
        {
            Ok(announced) => announced,
            Err(refused) => return Ok(refused.into_response()),
        };
        // A call that the headers announce is refused before its body is read.
        let early = match announced.tool() {
            Some(tool) => match self.admitted(&request, tool).await {
                Ok(admission) => Some(admission),
                Err(failure) => return respond(Value::Null, Err(failure)),
            },
            None => None,
        };
        let Some(bytes) = transport::read(body, self.settings.max_body).await? else {
            return Ok(too_large(self.settings.max_body));
        };
        match Body::parse(&bytes) {
            Ok(Body::Single(message)) => self.single(&request, message, &announced, early).await,
            Ok(Body::Batch(_)) if announced.is_some() => {
                Ok(bad_request(Value::Null, RpcError::header_mismatch("a batch has no headers of its messages")))
            }
            Ok(Body::Batch(messages)) => self.batch(&request, messages).await,
            Err((id, error)) => Ok(bad_request(id, error)),
        }
    }

    async fn single(
        &self,
        request: &Request,
        message: Message,
        announced: &Announced,
        early: Option<Admission<'_, T::Auth>>,
    ) -> Result<Response> {
        let Message { id, method } = message;
        if let Err(error) = announced.agrees_with(&method) {
            return Ok(bad_request(id.unwrap_or_default(), error));
        }
        let Some(id) = id.filter(|_| !matches!(method, Method::Ignored(_))) else {
            return Ok(StatusCode::ACCEPTED.into());
        };
        respond(id, self.reply(request, method, early).await)
    }

    /// Decides each message on its own. A rejected one is an error in the batch.
    async fn batch(&self, request: &Request, messages: Vec<Result<Message, (Value, RpcError)>>) -> Result<Response> {
        let mut replies = Vec::new();
        for message in messages {
            match message {
                Err((id, error)) => replies.push(Reply::new(id, Err(error))),
                Ok(Message { method: Method::Ignored(_), .. } | Message { id: None, .. }) => {}
                Ok(Message { id: Some(id), method }) => {
                    let outcome = self.reply(request, method, None).await;
                    replies.push(Reply::new(id, outcome.map_err(Failure::in_batch)));
                }
            }
        }
        Ok(if replies.is_empty() { StatusCode::ACCEPTED.into() } else { reply::response(StatusCode::OK, &replies) })
    }

    async fn reply(
        &self,
        request: &Request,
        method: Method,
        early: Option<Admission<'_, T::Auth>>,
    ) -> Result<Value, Failure> {
        match method {
            Method::Initialize { protocol_version } => Ok(self.initialize(&protocol_version)),
            Method::Ping => Ok(json!({})),
            Method::ToolsList => self.list(request).await,
            Method::ToolsCall(call) => {
                let admission = match early {
                    Some(admission) => admission,
                    None => self.admitted(request, &call.name).await?,
                };
                self.call_tool(admission, call).await
            }
            Method::Ignored(name) | Method::Unknown(name) => Err(Failure::Rpc(RpcError::method_not_found(&name))),
        }
    }

    /// Returns the requested revision if this endpoint speaks it, or else its newest one, as "Lifecycle" of MCP says.
    fn initialize(&self, requested: &str) -> Value {
        let version = PROTOCOL_VERSIONS.into_iter().find(|version| *version == requested);
        json!({
            "protocolVersion": version.unwrap_or(PROTOCOL_VERSIONS[0]),
            "capabilities": { "tools": { "listChanged": false } },
            "serverInfo": { "name": self.settings.name, "version": self.settings.version },
            "instructions": T::Guarded::instructions(),
        })
    }

    /// Lists the tools that the caller may call, without an event for each.
    async fn list(&self, request: &Request) -> Result<Value, Failure> {
        let mut callers = Callers::<T::Auth>::of(request);
        let mut tools = Vec::new();
        for tool in T::Guarded::list() {
            let Some(rule) = self.settings.tools.get(tool.name) else { continue };
            if callers.may_call(rule).await.map_err(Failure::of)? {
                tools.push(tool);
            }
        }
        let mut tools = serde_json::to_value(tools).unwrap_or_default();
        for tool in tools.as_array_mut().into_iter().flatten() {
            if let Some(schema) = tool.get_mut("inputSchema").and_then(Value::as_object_mut) {
                schema.entry("properties").or_insert_with(|| Map::new().into());
            }
        }
        Ok(json!({ "tools": tools }))
    }

    /// Decides a call as far as its head can.
    async fn admitted<'a>(&self, request: &'a Request, tool: &str) -> Result<Admission<'a, T::Auth>, Failure> {
        let Some(operation) = self.settings.tools.get(tool) else {
            return Err(self.unknown(request, tool).await);
        };
        match admit(request, operation).await {
            Ok(admission) => Ok(admission),
            Err(rejection) => Err(self.failure(tool, rejection.into_error())),
        }
    }

    /// A tool that does not exist. Where tools are hidden, an anonymous caller cannot tell it from one that does.
    async fn unknown(&self, request: &Request, tool: &str) -> Failure {
        if self.settings.hide_forbidden
            && let Err(rejection) = self.settings.gate.admit_caller(request).await
        {
            return Failure::of(rejection);
        }
        Failure::Rpc(RpcError::unknown_tool(tool))
    }

    async fn call_tool(&self, admission: Admission<'_, T::Auth>, call: ToolsCallRequest) -> Result<Value, Failure> {
        let ToolsCallRequest { name, arguments } = call;
        let arguments = if arguments.is_null() { Map::new().into() } else { arguments };
        let guard = ToolGuard::new(admission);
        let mut guarded = (self.make)(guard.caller()).guarded(guard);
        let answer = guarded.call(&name, arguments).await;
        if let Some(rejected) = T::guard(&guarded).rejected() {
            return Err(self.failure(&name, rejected));
        }
        match answer {
            Ok(answer) => Ok(serde_json::to_value(answer).unwrap_or_default()),
            Err(error) => Err(Failure::Rpc(RpcError::of(&error))),
        }
    }

    /// A rejection, or "unknown tool" where the rejection is hidden.
    fn failure(&self, tool: &str, error: Error) -> Failure {
        let code = error.downcast_ref::<Rejection>().map(Rejection::code);
        let hidden = code.is_none() && is_rejection(&error);
        if hidden || (self.settings.hide_forbidden && code == Some(RejectionCode::NotAllowed)) {
            return Failure::Rpc(RpcError::unknown_tool(tool));
        }
        Failure::Rejected(error)
    }
}

fn respond(id: Value, reply: Result<Value, Failure>) -> Result<Response> {
    match reply {
        Ok(result) => Ok(reply::response(StatusCode::OK, &Reply::new(id, Ok(result)))),
        Err(Failure::Rpc(error)) => Ok(reply::response(StatusCode::OK, &Reply::new(id, Err(error)))),
        Err(Failure::Rejected(error)) => Err(error),
    }
}

fn bad_request(id: Value, error: RpcError) -> Response {
    reply::refusal(StatusCode::BAD_REQUEST, id, error)
}

fn too_large(limit: usize) -> Response {
    let error = RpcError::invalid_request(format!("the body is larger than {limit} bytes"));
    reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, Value::Null, error)
}
