//! MCP tools under the same rules as operations: a stateless streamable-HTTP endpoint for `poem-mcpserver`.
//!
//! `#[protected]` stands above `#[Tools]`. Each method has a rule, with the attributes of operations. A method without
//! a rule does not compile. [`Mcp::mcp`] mounts the tools.
//!
//! Each request passes these steps: transport rules → the caller → the body, parsed once → a decision for each call.
//! There is no session, so no session identifier can be stolen, and each call is decided with the credential that it
//! brings.
//!
//! | request | response |
//! |---|---|
//! | a page of an origin that is not allowed | 403 |
//! | a method other than `POST` | 405 |
//! | no credential, where every tool needs one | 401, before the body is read |
//! | a tool that the caller may not call | 403, or "unknown tool" (see [`McpService::hide_forbidden`]) |
//! | the same with `hide` in its rule, or a tool that does not exist | JSON-RPC error -32602, "unknown tool" |
//! | a rejected call in a batch | JSON-RPC error -32003 in the reply to the call |
//! | a `Content-Type` other than `application/json` | 415 |
//! | an unknown `MCP-Protocol-Version` | 400 |
//! | a body that is too large | 413 |
//! | a body that is not JSON-RPC, or that disagrees with its headers | 400 with a JSON-RPC error |
//! | a notification | 202 |
//!
//! `tools/list` shows the tools that the caller may call. A `check` counts as met there, because it needs the
//! arguments.
//!
//! The rules of the transport are those of the Model Context Protocol, revision 2025-11-25, "Transports" and
//! "Authorization".

mod endpoint;
mod gate;
mod message;
mod reply;
mod service;
mod settings;
mod tools;
mod transport;

pub use self::{
    endpoint::McpEndpoint,
    service::{Mcp, McpService},
    tools::{FromCaller, ProtectedTools, ToolAnswer, ToolGuard},
};
