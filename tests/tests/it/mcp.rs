//! MCP tools: the decisions, the list that a caller sees, and the refusals of the transport.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::ApiKey,
    mcp::ProtectedTools,
    mount::ProtectedResource,
    prelude::*,
    review::AccessPolicy,
};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route};
use poem_mcpserver::{Tools, content::Text};
use serde_json::{Value, json as value};

use crate::fixture::{Answer, Auth, By, Call, Caller, Permission, call};

/// Counts the tools that ran.
#[derive(Clone, Default)]
struct Notes {
    ran: Arc<AtomicUsize>,
    texts: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    fn run(&self) {
        self.ran.fetch_add(1, Ordering::SeqCst);
    }
}

/// Notes of a team.
#[protected]
#[Tools]
impl Notes {
    /// Lists the notes.
    #[permission("view")]
    async fn list(&self) -> Text<String> {
        self.run();
        Text(self.texts.lock().unwrap().join(","))
    }

    /// Adds a note.
    #[permission(Permission::Edit)]
    #[mcp(name = "add_note")]
    async fn add(
        &self,
        caller: Principal<Auth>,
        /// Text of the note
        text: String,
    ) -> Result<Text<String>, String> {
        self.run();
        self.texts.lock().unwrap().push(text);
        Ok(Text(caller.subject().to_owned()))
    }

    /// Deletes the notes of one author.
    #[protected(any(role("Administrator"), check = author == caller.subject()))]
    async fn delete(&mut self, author: String, caller: Principal<Auth>) -> Text<String> {
        self.run();
        Text(format!("{} deleted the notes of {author}", caller.subject()))
    }

    /// Exports everything.
    #[protected(roles = "Administrator", hide)]
    async fn export(&self) -> Text<&'static str> {
        self.run();
        Text("everything")
    }

    /// Imports notes.
    #[protected(scopes("view", "edit"))]
    async fn import(&self) -> Text<&'static str> {
        self.run();
        Text("imported")
    }
}

#[derive(Clone, Default)]
struct Mixed;

#[protected]
#[Tools]
impl Mixed {
    /// Says who calls.
    #[optional_auth]
    async fn who(&self, caller: Option<Principal<Auth>>) -> Text<String> {
        Text(caller.map_or_else(|| "nobody".to_owned(), |caller| caller.subject().to_owned()))
    }

    /// Says the time.
    #[public(reason = "the time is no secret")]
    async fn time(&self) -> Text<&'static str> {
        Text("noon")
    }

    /// Is for administrators.
    #[protected(roles = "Administrator")]
    async fn reset(&self) -> Text<&'static str> {
        Text("reset")
    }
}

#[derive(Clone, Default)]
struct Pairs;

#[protected]
#[Tools]
impl Pairs {
    /// Needs two credentials.
    #[protected(schemes("token"), schemes("key"))]
    async fn both(&self, caller: Principal<Auth>) -> Text<String> {
        let beside: Vec<_> = caller.beside().iter().map(Principal::subject).collect();
        Text(format!("{} with {beside:?}", caller.subject()))
    }

    /// Needs a key.
    #[protected(schemes("key"))]
    async fn by_key(&self, caller: Principal<Auth>) -> Text<String> {
        Text(caller.subject().to_owned())
    }

    /// Needs one credential of any scheme.
    #[permission("view")]
    async fn view(&self, caller: Principal<Auth>) -> Text<String> {
        Text(caller.subject().to_owned())
    }
}

fn message(method: &str, params: &Value) -> String {
    value!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string()
}

fn tool(name: &str, arguments: &Value) -> String {
    message("tools/call", &value!({ "name": name, "arguments": arguments }))
}

fn post(body: &str) -> Call {
    call("POST", "/").json(body)
}

fn viewer() -> Caller {
    Caller::new("vera").role("Viewer")
}

fn user() -> Caller {
    Caller::new("uwe").role("User")
}

fn app(notes: &Notes) -> impl Endpoint + use<> {
    let notes = notes.clone();
    Auth::default().mcp(move |_| notes.clone()).into_endpoint()
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.header("Content-Type"), Some("application/json"), "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Returns the text of a tool's result.
fn text(answer: &Answer) -> String {
    json(answer)["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

fn code(answer: &Answer) -> i64 {
    json(answer)["error"]["code"].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn a_tool_runs_for_callers_that_meet_its_rule() {
    let notes = Notes::default();
    let app = app(&notes);
    let added = post(&tool("add_note", &value!({ "text": "milk" }))).by(By::Token, &user()).to(&app).await;
    assert_eq!((added.status, text(&added)), (200, "uwe".to_owned()));
    let listed = post(&tool("list", &value!({}))).by(By::Key, &viewer()).to(&app).await;
    assert_eq!((listed.status, text(&listed)), (200, "milk".to_owned()));
    let without_arguments = post(&message("tools/call", &value!({ "name": "list" }))).by(By::Password, &viewer());
    assert_eq!(text(&without_arguments.to(&app).await), "milk");
}

#[tokio::test]
async fn a_tool_does_not_run_for_other_callers() {
    let notes = Notes::default();
    let app = app(&notes);
    let denied = post(&tool("add_note", &value!({ "text": "milk" }))).by(By::Token, &viewer()).to(&app).await;
    assert_eq!((denied.status, denied.code().as_str()), (403, "not_allowed"));
    let by_check = post(&tool("delete", &value!({ "author": "vera" }))).by(By::Token, &user()).to(&app).await;
    assert_eq!((by_check.status, by_check.code().as_str()), (403, "not_allowed"));
    assert_eq!(notes.ran.load(Ordering::SeqCst), 0);
    let own = post(&tool("delete", &value!({ "author": "uwe" }))).by(By::Token, &user()).to(&app).await;
    assert_eq!(text(&own), "uwe deleted the notes of uwe");
    let other = post(&tool("delete", &value!({ "author": "uwe" }))).by(By::Token, &Caller::administrator());
    assert_eq!(text(&other.to(&app).await), "root deleted the notes of uwe");
}

#[tokio::test]
async fn without_a_credential_nothing_is_read() {
    let app = app(&Notes::default());
    let answer = call("POST", "/").endless_body().to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"));
    assert_eq!(answer.trace.polled(), 0);
    assert_eq!(answer.challenges().len(), 5);
    let garbage = call("POST", "/").credential(By::Token, "garbage").json("{").to(&app).await;
    assert_eq!((garbage.status, garbage.code().as_str()), (401, "invalid_credentials"));
}

#[tokio::test]
async fn a_call_that_headers_announce_is_decided_before_its_body() {
    let app = app(&Notes::default());
    let announced = |name: &str| call("POST", "/").header("Mcp-Method", "tools/call").header("Mcp-Name", name);
    let answer = announced("add_note").by(By::Token, &viewer()).endless_body().to(&app).await;
    assert_eq!((answer.status, answer.trace.polled()), (403, 0));
    let answer = announced("missing").by(By::Token, &viewer()).endless_body().to(&app).await;
    assert_eq!((code(&answer), answer.trace.polled()), (-32602, 0));
    let answer = announced("list").by(By::Token, &viewer()).json(&tool("list", &value!({}))).to(&app).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn headers_that_disagree_with_the_body_are_refused() {
    let notes = Notes::default();
    let app = app(&notes);
    let body = tool("add_note", &value!({ "text": "milk" }));
    for headers in [
        &[("Mcp-Method", "tools/call"), ("Mcp-Name", "list")][..],
        &[("Mcp-Name", "list")],
        &[("Mcp-Method", "tools/list")],
        &[("Mcp-Method", "ping"), ("Mcp-Name", "add_note")],
        &[("Mcp-Method", "tools/call"), ("Mcp-Method", "tools/call")],
        &[("Mcp-Name", "add_note"), ("Mcp-Name", "list")],
    ] {
        let call = headers.iter().fold(post(&body), |call, (name, value)| call.header(name, value));
        let answer = call.by(By::Token, &user()).to(&app).await;
        assert_eq!((answer.status, code(&answer)), (400, -32001), "{headers:?}");
    }
    let batch = post(&format!("[{body}]")).header("Mcp-Method", "tools/call").by(By::Token, &user()).to(&app).await;
    assert_eq!((batch.status, code(&batch)), (400, -32001));
    assert_eq!(notes.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_caller_sees_the_tools_that_they_may_call() {
    let app = app(&Notes::default());
    for (caller, expected) in [
        (Caller::new("nobody"), &["delete"][..]),
        (viewer(), &["list", "delete"]),
        (user(), &["list", "add_note", "delete"]),
        (user().scope("view edit"), &["list", "add_note", "delete", "import"]),
        (Caller::administrator(), &["list", "add_note", "delete", "export"]),
    ] {
        let answer = post(&message("tools/list", &value!({}))).by(By::Token, &caller).to(&app).await;
        let body = json(&answer);
        let tools = body["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
        assert!(tools.iter().all(|tool| tool["inputSchema"]["properties"].is_object()));
    }
}

#[tokio::test]
async fn the_schema_of_a_tool_leaves_the_caller_out() {
    let app = app(&Notes::default());
    let answer = post(&message("tools/list", &value!({}))).by(By::Token, &user()).to(&app).await;
    let tool = json(&answer)["result"]["tools"][1].clone();
    assert_eq!(tool["description"], "Adds a note.");
    let properties: Vec<&String> = tool["inputSchema"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(properties, ["text"]);
    assert_eq!(tool["inputSchema"]["properties"]["text"]["description"], "Text of the note");
}

#[tokio::test]
async fn a_hidden_tool_looks_like_one_that_does_not_exist() {
    let app = app(&Notes::default());
    let hidden = post(&tool("export", &value!({}))).by(By::Token, &user()).to(&app).await;
    let missing = post(&tool("missing", &value!({}))).by(By::Token, &user()).to(&app).await;
    assert_eq!(hidden.status, 200);
    assert_eq!(hidden.body.replace("export", "missing"), missing.body);
    assert_eq!(hidden.headers, missing.headers);
}

#[tokio::test]
async fn every_forbidden_tool_can_be_hidden() {
    let app = Auth::default().mcp(|_| Mixed).hide_forbidden().into_endpoint();
    let forbidden = post(&tool("reset", &value!({}))).by(By::Token, &user()).to(&app).await;
    let missing = post(&tool("missing", &value!({}))).by(By::Token, &user()).to(&app).await;
    assert_eq!(forbidden.body.replace("reset", "missing"), missing.body);
    let [forbidden, missing] = [post(&tool("reset", &value!({}))), post(&tool("missing", &value!({})))];
    let (forbidden, missing) = (forbidden.to(&app).await, missing.to(&app).await);
    assert_eq!((forbidden.status, &forbidden.body), (401, &missing.body));
    assert_eq!(forbidden.challenges(), missing.challenges());
}

#[tokio::test]
async fn a_denial_names_all_missing_scopes() {
    let app = app(&Notes::default());
    let denied = post(&tool("import", &value!({}))).by(By::Token, &user().scope("view")).to(&app).await;
    assert_eq!(denied.status, 403);
    assert_eq!(denied.challenges(), [r#"Bearer realm="entry book", error="insufficient_scope", scope="view edit""#]);
}

#[tokio::test]
async fn anonymous_callers_reach_the_tools_that_admit_them() {
    let app = Auth::default().mcp(|_| Mixed).into_endpoint();
    assert_eq!(text(&post(&tool("who", &value!({}))).to(&app).await), "nobody");
    assert_eq!(text(&post(&tool("who", &value!({}))).by(By::Key, &user()).to(&app).await), "uwe");
    assert_eq!(text(&post(&tool("time", &value!({}))).to(&app).await), "noon");
    assert_eq!(post(&tool("reset", &value!({}))).to(&app).await.status, 401);
    assert_eq!(post(&tool("who", &value!({}))).credential(By::Key, "garbage").to(&app).await.status, 401);
    let listed = json(&post(&message("tools/list", &value!({}))).to(&app).await);
    let names: Vec<&Value> = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["who", "time"]);
}

/// Returns a call with a token, a key, or both.
fn by_pair(call: Call, token: &str, key: &str) -> Call {
    let call = if token.is_empty() { call } else { call.credential(By::Token, token) };
    if key.is_empty() { call } else { call.credential(By::Key, key) }
}

#[tokio::test]
async fn a_tool_can_need_two_credentials() {
    let app = Auth::default().mcp(|_| Pairs).into_endpoint();
    let (alice, machine) = (Caller::new("alice").role("Viewer").text(), Caller::new("machine").text());
    for (name, token, key, expected) in [
        ("both", &*alice, &*machine, Ok("alice with [\"machine\"]")),
        ("both", &alice, "", Err((401, "authentication_required"))),
        ("both", "", &machine, Err((401, "authentication_required"))),
        ("both", &alice, "invalid", Err((401, "invalid_credentials"))),
        ("both", "invalid", &machine, Err((401, "invalid_credentials"))),
        ("both", "unavailable", &machine, Err((503, "temporarily_unavailable"))),
        ("by_key", &alice, &machine, Ok("machine")),
        ("by_key", "invalid", &machine, Ok("machine")),
        ("by_key", &alice, "", Err((401, "invalid_credentials"))),
        ("by_key", &alice, "invalid", Err((401, "invalid_credentials"))),
        ("view", &alice, "", Ok("alice")),
        ("view", &alice, &machine, Err((400, "several_credentials"))),
        ("missing", "", "", Err((401, "authentication_required"))),
        ("missing", "invalid", "", Err((401, "invalid_credentials"))),
    ] {
        let answer = by_pair(post(&tool(name, &value!({}))), token, key).to(&app).await;
        match expected {
            Ok(expected) => assert_eq!((answer.status, &*text(&answer)), (200, expected), "{name}, {token}, {key}"),
            Err(expected) => assert_eq!((answer.status, &*answer.code()), expected, "{name}, {token}, {key}"),
        }
    }
}

#[tokio::test]
async fn two_credentials_reach_the_tools_that_take_them() {
    let app = Auth::default().mcp(|_| Pairs).into_endpoint();
    let (alice, machine) = (Caller::new("alice").role("Viewer").text(), Caller::new("machine").text());
    for (token, key, expected) in [
        (&*alice, &*machine, &["both", "by_key"][..]),
        (&alice, "", &["view"]),
        ("", &machine, &["by_key"]),
        ("invalid", &machine, &["by_key"]),
    ] {
        let answer = by_pair(post(&message("tools/list", &value!({}))), token, key).to(&app).await;
        let listed = json(&answer)["result"]["tools"].clone();
        let names: Vec<&str> = listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
    }
    let down = by_pair(post(&message("tools/list", &value!({}))), "unavailable", &machine).to(&app).await;
    assert_eq!(down.status, 503, "a list that may be incomplete is not an answer");
    let [both, by_key] = [tool("both", &value!({})), tool("by_key", &value!({}))];
    let batch = by_pair(post(&format!("[{by_key},{both},{by_key}]")), &alice, &machine).to(&app).await;
    let replies = json(&batch);
    assert_eq!(replies.as_array().unwrap().iter().filter(|reply| reply["result"].is_object()).count(), 3);
}

#[tokio::test]
async fn without_one_of_the_needed_credentials_nothing_is_read() {
    let app = Auth::default().mcp(|_| Pairs).into_endpoint();
    for call in [call("POST", "/"), call("POST", "/").credential(By::Token, "invalid").credential(By::Key, "invalid")] {
        let answer = call.endless_body().to(&app).await;
        assert_eq!((answer.status, answer.trace.polled()), (401, 0));
    }
}

#[tokio::test]
async fn a_hidden_tool_of_two_credentials_looks_like_one_that_does_not_exist() {
    let app = Auth::default().mcp(|_| Pairs).hide_forbidden().into_endpoint();
    let machine = Caller::new("machine").text();
    let alice = Caller::new("alice").text();
    let missing = by_pair(post(&tool("missing", &value!({}))), &alice, &machine).to(&app).await;
    assert_eq!((missing.status, code(&missing)), (200, -32602));
}

#[tokio::test]
async fn a_batch_is_decided_message_by_message() {
    let notes = Notes::default();
    let app = app(&notes);
    let [allowed, denied] = [tool("list", &value!({})), tool("add_note", &value!({ "text": "milk" }))];
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let body = format!("[{allowed},{denied},{notification},1,{allowed}]");
    let answer = post(&body).by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.status, 200);
    let replies = json(&answer);
    assert_eq!(replies.as_array().unwrap().len(), 4);
    assert!(replies[0]["result"].is_object() && replies[3]["result"].is_object());
    assert_eq!(replies[1]["error"], value!({ "code": -32003, "message": "not_allowed" }));
    assert_eq!(replies[2]["error"]["code"], -32600);
    assert_eq!(notes.ran.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_body_that_names_two_tools_runs_neither() {
    let notes = Notes::default();
    let app = app(&notes);
    for (params, expected) in [
        (r#""params":{"name":"list","name":"add_note","arguments":{"text":"milk"}}"#, -32602),
        (r#""params":{"name":"add_note","n\u0061me":"list","arguments":{"text":"milk"}}"#, -32602),
        (r#""params":{"name":"list"},"params":{"name":"add_note","arguments":{"text":"milk"}}"#, -32600),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call",{params}}}"#);
        let announced = post(&body).header("Mcp-Method", "tools/call").header("Mcp-Name", "list");
        for call in [post(&body), announced] {
            let answer = call.by(By::Token, &viewer()).to(&app).await;
            assert_eq!((answer.status, code(&answer)), (400, expected), "{body}");
        }
    }
    assert_eq!(notes.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_transport_refuses_what_the_protocol_does_not_have() {
    let app = app(&Notes::default());
    let list = tool("list", &value!({}));
    for (status, call) in [
        (405, call("GET", "/")),
        (405, call("DELETE", "/").header("Mcp-Session-Id", "1")),
        (400, post("{").by(By::Token, &viewer())),
        (400, post(&list).header("MCP-Protocol-Version", "1999-01-01").by(By::Token, &viewer())),
        (200, post(&list).header("MCP-Protocol-Version", "2025-06-18").by(By::Token, &viewer())),
        (403, post(&list).header("Origin", "https://evil.example").by(By::Token, &viewer())),
        (403, post(&list).header("Origin", "null").by(By::Token, &viewer())),
        (403, post(&list).header("Origin", "https://localhost.evil.example").by(By::Token, &viewer())),
        (403, call("GET", "/").header("Origin", "https://evil.example")),
        (200, post(&list).header("Origin", "http://localhost:6274").by(By::Token, &viewer())),
        (202, post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).by(By::Token, &viewer())),
    ] {
        let answer = call.to(&app).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(call("GET", "/").to(&app).await.header("Allow"), Some("POST"));
    let unknown = post(&message("prompts/get", &value!({}))).by(By::Token, &viewer()).to(&app).await;
    assert_eq!((unknown.status, code(&unknown)), (200, -32601));
    let form = call("POST", "/").header("Content-Type", "text/plain").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(form.status, 415);
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let notes = Notes::default();
    let app = app(&notes);
    let body = tool("add_note", &value!({ "text": "x".repeat(10 * 1024 * 1024) }));
    let answer = post(&body).by(By::Token, &user()).to(&app).await;
    assert_eq!((answer.status, code(&answer)), (413, -32600));
    assert_eq!(notes.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_a_cookie() {
    let notes = Notes::default();
    let app = app(&notes);
    let call = post(&tool("list", &value!({}))).header("Sec-Fetch-Site", "cross-site").by(By::Session, &viewer());
    assert_eq!(call.to(&app).await.status, 403);
    assert_eq!(notes.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn initialize_agrees_on_a_revision() {
    let app = Auth::default().mcp(|_| Mixed).server_info("mixed", "2.1").into_endpoint();
    for (requested, agreed) in
        [("2025-03-26", "2025-03-26"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")]
    {
        let params = value!({
            "protocolVersion": requested, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
        });
        let answer = post(&message("initialize", &params)).to(&app).await;
        assert_eq!(answer.header("Mcp-Session-Id"), None, "there are no sessions");
        let answer = json(&answer);
        assert_eq!(answer["result"]["protocolVersion"], agreed);
        assert_eq!(answer["result"]["serverInfo"], value!({ "name": "mixed", "version": "2.1" }));
        assert_eq!(answer["result"]["capabilities"], value!({ "tools": { "listChanged": false } }));
    }
}

#[tokio::test]
async fn challenges_lead_to_the_metadata_of_the_resource() {
    let resource = ProtectedResource::new::<Auth>("https://api.example.com/mcp")
        .unwrap()
        .authorization_server("https://issuer.example.com");
    let mcp = Auth::default().mcp(|_| Notes::default()).resource(&resource);
    let app = Route::new().at(resource.metadata_path(), resource.metadata()).nest("/mcp", mcp);
    let refused = call("POST", "/mcp").to(&app).await;
    let bearer = refused.challenges().into_iter().find(|challenge| challenge.starts_with("Bearer")).unwrap();
    assert_eq!(
        bearer,
        r#"Bearer realm="entry book", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp""#
    );
    let metadata = call("GET", "/.well-known/oauth-protected-resource/mcp").to(&app).await;
    assert_eq!(
        json(&metadata),
        value!({
            "resource": "https://api.example.com/mcp",
            "authorization_servers": ["https://issuer.example.com"],
            "bearer_methods_supported": ["header"],
            "scopes_supported": ["view", "edit", "delete", "products:create"],
        })
    );
    let own_page =
        post(&tool("list", &value!({}))).by(By::Token, &viewer()).header("Origin", "https://api.example.com");
    assert_eq!(
        own_page.to(&Auth::default().mcp(|_| Notes::default()).resource(&resource).into_endpoint()).await.status,
        200
    );
}

#[tokio::test]
async fn the_metadata_names_the_methods_that_the_schemes_have() {
    let resource = ProtectedResource::new::<Bare>("https://api.example.com").unwrap();
    let metadata = call("GET", "/").to(&resource.metadata()).await;
    assert_eq!(json(&metadata), value!({ "resource": "https://api.example.com" }), "keys are no bearer tokens");
}

#[tokio::test]
async fn a_challenge_names_the_scopes_to_ask_for_first_or_those_that_are_missing() {
    let resource = ProtectedResource::new::<Auth>("https://api.example.com").unwrap().request_scopes(["view", "edit"]);
    let app = Auth::default().mcp(|_| Notes::default()).resource(&resource).into_endpoint();
    let first = call("POST", "/").to(&app).await;
    assert!(first.challenges()[0].ends_with(r#"/oauth-protected-resource", scope="view edit""#), "{:?}", first.headers);
    let missing = post(&tool("import", &value!({}))).by(By::Token, &user().scope("view")).to(&app).await;
    assert_eq!(missing.challenges()[0].matches("scope=").count(), 1);
}

#[tokio::test]
async fn r17_challenges_of_ordinary_routes_lead_to_the_metadata() {
    let resource = ProtectedResource::new::<Auth>("https://api.example.com").unwrap();
    let guarded = Route::new().at("/", poem::endpoint::make_sync(|_| "in")).protect(requirement!(authenticated));
    let app = guarded.with(Auth::default()).with(resource);
    let refused = call("GET", "/").to(&app).await;
    assert!(
        refused.challenges()[0]
            .ends_with(r#", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource""#)
    );
    assert!(!refused.challenges()[1].contains("resource_metadata"));
}

#[test]
fn a_resource_is_an_absolute_url() {
    for url in [
        "",
        "/mcp",
        "api.example.com",
        "ftp://a.example",
        "https://a.example/x?y",
        "https://a.example/#x",
        "https://u@a.example/",
    ] {
        assert!(ProtectedResource::new::<Auth>(url).is_err(), "{url}");
    }
    let resource = ProtectedResource::new::<Auth>("https://api.example.com/").unwrap();
    assert_eq!(resource.metadata_path(), "/.well-known/oauth-protected-resource");
}

#[test]
fn the_tools_are_listed_with_their_rules() {
    let tools = Notes::tools();
    let names: Vec<&str> = tools.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["list", "add_note", "delete", "export", "import"]);
    assert!(tools[0].1.name().ends_with("mcp::Notes::list"));
}

#[test]
fn the_policy_has_the_rule_of_each_tool() {
    let policy = AccessPolicy::of::<Auth>().tools::<Notes>().build();
    let text = policy.to_string();
    for rule in
        [r#"CALL "add_note" requires permission("edit")"#, r#"CALL "export" requires role("Administrator"), hide"#]
    {
        assert!(text.contains(rule), "{text}");
    }
}

/// A key whose permission can be taken away.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicBool>);

impl Authenticator for Switch {
    type Credential = ApiKey;

    async fn authenticate(&self, _: ApiKey, context: &Context) -> Result<Identity, AuthenticationError> {
        let identity = context.identity("tests", "uwe");
        Ok(if self.0.load(Ordering::SeqCst) { identity.permission("view").build() } else { identity.build() })
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = crate::fixture::Role)]
struct Switched {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Switch,
}

/// A tool that takes the permission of its caller away.
struct Revoking(Switch);

#[protected(auth = Switched)]
#[Tools]
impl Revoking {
    /// Revokes.
    #[permission("view")]
    async fn revoke(&self) -> Text<&'static str> {
        self.0.0.store(false, Ordering::SeqCst);
        Text("revoked")
    }
}

#[tokio::test]
async fn a_permission_that_is_revoked_during_a_call_does_not_count_for_the_next() {
    let switch = Switch(Arc::new(AtomicBool::new(true)));
    let tools = switch.clone();
    let app = Switched { key: switch }.mcp(move |_| Revoking(tools.clone())).into_endpoint();
    let revoke = || post(&tool("revoke", &value!({}))).credential(By::Key, "key");
    assert_eq!(text(&revoke().to(&app).await), "revoked");
    assert_eq!(revoke().to(&app).await.status, 403);
    let listed = post(&message("tools/list", &value!({}))).credential(By::Key, "key").to(&app).await;
    assert_eq!(json(&listed)["result"]["tools"], value!([]));
}

#[test]
#[should_panic(expected = "can only be called with security schemes that are not configured")]
fn a_tool_that_no_configured_scheme_can_call_stops_the_start() {
    let _ = Bare { key: None }.mcp(|_| BareTools);
}

#[derive(Auth, Clone)]
struct Bare {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<crate::fixture::Keys>,
}

struct BareTools;

#[protected(auth = Bare)]
#[Tools]
impl BareTools {
    /// Answers.
    #[protected]
    async fn answer(&self) -> Text<&'static str> {
        Text("42")
    }
}
