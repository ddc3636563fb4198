//! MCP tools under the same rules as operations: a stateless streamable-HTTP endpoint for `poem-mcpserver`.
//!
//! `#[protected]` stands above `#[Tools]`. Each method says who may call it, with the attributes of operations, and a
//! method that says nothing does not compile. [`Mcp::mcp`] mounts the tools.
//!
//! One request follows one line: transport rules → the caller → the body, parsed once → a decision for each call. There
//! is no session, so no session identifier can be stolen, and each call is decided with the credential that it brings.
//!
//! | request | response |
//! |---|---|
//! | a page of an origin that is not allowed | 403 |
//! | a method other than `POST` | 405 |
//! | no credential, where every tool needs one | 401, before the body is read |
//! | a tool that the caller may not call | 403, or "unknown tool" (see [`McpService::hide_forbidden`]) |
//! | a tool with `hide`, or one that does not exist | JSON-RPC error -32602, "unknown tool" |
//! | a body that is too large | 413 |
//! | a body that is not JSON-RPC, or that disagrees with its headers | 400 with a JSON-RPC error |
//! | a notification | 202 |
//!
//! `tools/list` shows the tools that the caller may call. A tool whose rule has a `check` is shown, as the check needs
//! the arguments.
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
