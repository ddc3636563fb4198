//! Tools beside operations, with one table, in a module without a prelude of our own.
use auth_runtime::prelude::*;
use poem_mcpserver::{Tools, content::Text};

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<Keys>,
}

#[derive(Clone)]
struct Keys;

impl Authenticator for Keys {
    type Credential = auth_runtime::credential::ApiKey;

    async fn authenticate(
        &self,
        _: Self::Credential,
        context: &auth_runtime::authenticate::Context,
    ) -> Result<auth_runtime::authenticate::Identity, auth_runtime::authenticate::AuthenticationError> {
        Ok(context.identity("keys", "anybody").build())
    }
}

use poem_openapi::{OpenApi, payload::PlainText};

#[derive(Clone)]
struct Notes;

#[protected]
#[OpenApi]
impl Notes {
    #[protected]
    #[oai(path = "/notes", method = "get")]
    async fn read(&self) -> PlainText<&'static str> {
        PlainText("milk")
    }
}

/// Notes of a team.
#[protected]
#[Tools]
impl Notes {
    /// Lists the notes.
    #[protected]
    #[mcp(name = "list")]
    async fn list_notes(&mut self, _caller: Principal<Auth>) -> Text<&'static str> {
        Text(self.read().await.0)
    }

    /// Repeats a text.
    #[optional_auth]
    async fn repeat(
        &self,
        caller: Option<Principal<Auth>>,
        /// The text
        text: String,
    ) -> Result<Text<String>, String> {
        if text.is_empty() { Err("no text".to_owned()) } else { Ok(Text(format!("{text} {}", caller.is_some()))) }
    }
}

#[tokio::main]
async fn main() {
    let auth = Auth { key: Some(Keys) };
    let app = poem::Route::new().nest("/mcp", auth.mcp(|_| Notes)).nest("/", auth.service(Notes, "Notes", "1.0"));
    let client = poem::test::TestClient::new(app);
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "repeat", "arguments": { "text": "a" } }
    });
    let mut response = client.post("/mcp").header("X-API-Key", "0123456789abcdefghijkl").body_json(&body).send().await.0;
    let text = response.take_body().into_string().await.unwrap();
    assert!(text.contains("a true"), "{text}");
}
