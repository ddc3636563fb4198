//! Notes as operations and as MCP tools, with one table of permissions: `cargo run --bin mcp`.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use auth_examples::{environment::Environment, server};
use auth_runtime::api_key::{self, MemoryApiKeys};
use auth_runtime::prelude::*;
use poem::Route;
use poem_mcpserver::{Tools, content::Text};
use poem_openapi::{OpenApi, payload::PlainText};
#[cfg(test)]
#[path = "../../tests/generated/mcp.rs"]
mod generated;

permissions! {
    /// What a caller may do.
    pub enum Permission { View = "notes:view", Add = "notes:add" }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

#[protected]
#[OpenApi]
impl Notes {
    #[permission("notes:view")]
    #[oai(path = "/notes", method = "get")]
    async fn read(&self) -> PlainText<String> {
        PlainText(self.0.lock().expect("no panic").join("\n"))
    }
}

#[protected]
#[Tools]
impl Notes {
    /// Lists all notes.
    #[permission("notes:view")]
    async fn list_notes(&self) -> Text<String> {
        Text(self.read().await.0)
    }

    /// Adds a note.
    #[permission("notes:add")]
    async fn add_note(&self, caller: Principal<Auth>, text: String) -> Text<String> {
        self.0.lock().expect("no panic").push(format!("{}: {text}", caller.subject()));
        Text("added".to_owned())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    run().await.map_or_else(|error| server::fail("mcp", &*error, 1), |()| ExitCode::SUCCESS)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (reader, reader_record) = api_key::generate("notes", "reader")?;
    let (writer, writer_record) = api_key::generate("notes", "writer")?;
    let keys = MemoryApiKeys::new().add_record(reader_record.permissions(["notes:view"]))?;
    let keys = keys.add_record(writer_record.permissions(["notes:view", "notes:add"]))?;
    let (auth, notes) = (Auth { key: ApiKeys::new(keys) }, Notes::default());
    let service = auth.service(notes.clone(), "Notes", "1.0");
    let docs = service.swagger_ui();
    let app = Route::new().nest("/mcp", auth.mcp(move |_| notes.clone())).nest("/docs", docs).nest("/", service);
    let (acceptor, address) = server::listen(Environment::of_process().port()?)?;
    writeln!(io::stdout(), "Notes: tools at http://{address}/mcp, operations at http://{address}/docs")?;
    writeln!(io::stdout(), "Keys of this run: reader {}, writer {}", reader.as_str(), writer.as_str())?;
    writeln!(io::stdout(), "Try: npx @modelcontextprotocol/inspector --cli http://{address}/mcp --transport http \\")?;
    writeln!(io::stdout(), "  --header \"X-API-Key: {}\" --method tools/list", reader.as_str())?;
    Ok(server::serve(acceptor, app).await?)
}
