//! The demo: every printed command gives the printed status, and the token endpoint follows RFC 6749.

mod common;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use auth_examples::demo::{ADDRESS, Demo, access::Auth, app, people::FirstUsers, welcome::LAST_LINE};
use auth_store::{NewUser, SqlUsers};
use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{
    Endpoint,
    http::StatusCode,
    test::{TestClient, TestResponse},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Running, paste, refusal, status};

/// Returns the command of the demo, with its database in this folder.
fn demo(folder: &TempDir) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    for setting in ["PORT", "RUST_LOG", "AUTH_DB_URI", "AUTH_SECRET_KEY", "AUTH_LOG_FILENAME"] {
        demo.env_remove(setting);
    }
    demo.current_dir(folder.path());
    demo
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

#[test]
fn every_printed_command_gives_the_printed_status() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let titles = printed.iter().filter_map(|line| line.strip_prefix("  # "));
    let commands = printed.iter().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with("curl "));
    let lines: Vec<_> = titles.zip(commands).collect();
    assert!(lines.len() > 10, "{printed:#?}");
    for (title, command) in lines {
        let (_, expected) = title.rsplit_once(": ").expect("a title ends with a status");
        assert_eq!(status(&paste(command)).to_string(), expected, "{title}\n{command}");
    }
}

#[test]
fn printed_users_and_key_are_aligned_and_valid() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let address = printed[0].rsplit_once(' ').expect("the first line ends with the address").1;
    let head = printed.iter().position(|line| line.ends_with("password")).expect("a table of users");
    let column = printed[head].find("password").expect("a column");
    for line in &printed[head + 1..head + 5] {
        let (name, password) = (line.split_whitespace().next().expect("a name"), &line[column..]);
        let answer = paste(&format!("curl -i -u {name}:{password} {address}/auth/me"));
        assert_eq!(status(&answer), 200, "{line}");
    }
    let key = printed.iter().find(|line| line.starts_with("  demo_")).expect("the API key").trim();
    assert!(paste(&format!("curl -i -H 'X-API-Key: {key}' {address}/auth/me")).contains("nightly-report"));
}

#[test]
fn denials_are_logged_with_their_reason_and_ctrl_c_stops_the_demo() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let refused = printed.iter().find(|line| line.contains("-u bob:") && line.contains("-X PUT")).expect("a line");
    paste(&refused.replace("/entries/1", "/entries/7"));
    let log = demo.logged_until("Entries::change").concat();
    let subject = log.split_once("subject=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(subject, _)| subject);
    let is_opaque = subject.is_some_and(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(log.contains("denied") && is_opaque && log.contains("Administrator"), "{log}");
    assert!(demo.interrupt().success());
}

#[test]
fn sigterm_lets_a_request_in_flight_end() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let address = printed[0].rsplit_once("http://").expect("the first line ends with the address").1;
    let address = address.split([',', '/', ' ']).next().expect("an address");
    let mut client = TcpStream::connect(address).expect("the demo listens");
    let head = format!(
        "POST /auth/token HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 19\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    client.write_all(head.as_bytes()).unwrap();
    let mut answer = BufReader::new(client.try_clone().unwrap()).lines();
    // The handler waits for the body.
    assert!(answer.next().unwrap().unwrap().starts_with("HTTP/1.1 100"));
    assert!(answer.next().unwrap().unwrap().is_empty());
    demo.signal("TERM");
    client.write_all(b"grant_type=password").unwrap();
    assert!(answer.next().expect("an answer").unwrap().starts_with("HTTP/1.1 400"));
    assert!(demo.wait().success());
}

#[test]
fn the_port_can_be_set_in_the_environment() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).env("PORT", "0"));
    assert!(demo.printed_until(LAST_LINE)[0].contains("http://127.0.0.1:"));
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (stderr, code) = refusal(demo(&folder()).args(["--port", &port]));
    assert_eq!((stderr.lines().count(), code), (1, Some(1)), "{stderr}");
    assert!(stderr.contains(&port) && stderr.contains("in use"), "{stderr}");
}

#[test]
fn no_connection_is_accepted_before_the_database_answers() {
    // A database server that accepts a connection and never answers.
    let database = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("postgres://127.0.0.1:{}/users", database.local_addr().expect("an address").port());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let folder = folder();
    let mut command = demo(&folder);
    command.env("AUTH_DB_URI", url).args(["--port", &port.to_string()]);
    let demo = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let _connection = database.accept().expect("the demo connects to its database");
    let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("the demo does not listen yet");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let ended = demo.wait_with_output().expect("the demo ends");
    let stderr = String::from_utf8(ended.stderr).expect("UTF-8");
    assert_eq!((ended.status.code(), stderr.lines().count()), (Some(3), 1), "{stderr}");
    assert!(stderr.starts_with("demo: ") && ended.stdout.is_empty(), "{stderr}");
}

#[test]
fn a_body_over_the_limit_is_not_read() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let line = printed.iter().find(|line| line.contains("-X PUT") && line.contains("-u alice:")).expect("a line");
    let after = |text| line.split_once(text).and_then(|(_, rest)| rest.split([' ', '/']).next()).expect("one of that");
    let (user, address) = (BASE64_STANDARD.encode(after("-u ")), after("http://"));
    let head = format!("PUT /entries/1 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {user}");
    let json = "Content-Type: application/json";
    // The server does not wait for the rest of an announced body: it is never sent.
    for (rest, body, status_of_it) in
        [("Content-Length: 65537", 0, 413), ("Transfer-Encoding: chunked\r\n\r\n100000", 65536, 400)]
    {
        let mut connection = TcpStream::connect(address).expect("it listens");
        write!(connection, "{head}\r\n{json}\r\n{rest}\r\n{}", if body == 0 { "\r\n" } else { "" }).expect("a head");
        connection.write_all(&vec![b'0'; body]).expect("a body");
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).expect("an answer");
        assert_eq!(status(&answer), status_of_it, "{rest}");
    }
}

#[tokio::test]
async fn an_undeclared_role_in_the_database_is_logged_at_start() {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("entry-book.db").display());
    let users = SqlUsers::connect(&database).await.expect("a database");
    users.add(NewUser::new("eve").roles(["Ghost"]).permissions(["haunt"])).await.expect("a user");
    users.close().await;
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let log = demo.logged_until("haunt").concat();
    assert!(log.contains("Ghost") && log.contains("WARN") && log.contains("undeclared"), "{log}");
}

#[test]
fn secrets_are_not_in_debug_output() {
    let demo = tokio::runtime::Runtime::new().expect("threads").block_on(new_demo());
    let shown = format!("{demo:?}");
    let first = demo.first.expect("an empty database");
    assert!(first.people.iter().all(|person| !shown.contains(&person.password)) && !shown.contains(&first.key));
}

#[test]
fn r72_the_terminal_shows_the_link_for_a_new_password() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let address = demo.printed_until(LAST_LINE)[0].rsplit_once(' ').expect("an address").1.to_owned();
    assert_eq!(status(&paste(&format!("curl -i -d email=bob@example.com {address}/auth/forgot-password"))), 200);
    let mail = demo.printed_until("/auth/reset-password?token=");
    let link = mail.last().expect("a link").trim().to_owned();
    assert!(link.starts_with(&address), "{link}");
    let token = link.rsplit_once('=').expect("a token").1;
    let new = "correct horse battery staple";
    let set = |password| {
        let fields = format!("-d token={token} --data-urlencode 'password={password}'");
        status(&paste(&format!("curl -i {fields} {address}/auth/reset-password")))
    };
    assert_eq!([set("password123"), set(new), set(new)], [422, 200, 400], "the link is valid once");
    assert_eq!(status(&paste(&format!("curl -i -u 'bob:{new}' {address}/auth/me"))), 200);
}

#[test]
fn the_first_page_is_for_visitors_and_for_callers() {
    let folder = folder();
    let mut demo = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = demo.printed_until(LAST_LINE);
    let address = printed[0].rsplit_once(' ').expect("an address").1;
    let password = |name: &str| {
        let row = printed.iter().find(|line| line.starts_with(&format!("  {name} "))).expect("a row");
        row.split_whitespace().last().expect("a password").to_owned()
    };
    let visitor = paste(&format!("curl -i {address}/"));
    assert!(status(&visitor) == 200 && visitor.contains("href=\"/auth/login\""), "{visitor}");
    for (name, has_matrix) in [("ada", true), ("vera", false)] {
        let page = paste(&format!("curl -i -u {name}:{} {address}/", password(name)));
        assert!(status(&page) == 200 && page.contains(&format!("Hello {name}")), "{page}");
        assert_eq!(page.contains("href=\"/admin/access\""), has_matrix, "{page}");
    }
    // An API keeps its paths beside the pages: the token endpoint and `me` are below `/auth` too.
    let token = format!("-d grant_type=password -d username=ada -d password={}", password("ada"));
    assert_eq!(status(&paste(&format!("curl -i {token} {address}/auth/token"))), 200);
    let me = paste(&format!("curl -i -u ada:{} {address}/auth/me", password("ada")));
    let tag = me.lines().find_map(|line| line.trim().strip_prefix("etag: ")).expect("an ETag");
    let again = format!("curl -i -u ada:{} -H 'If-None-Match: {tag}' {address}/auth/me", password("ada"));
    assert_eq!(status(&paste(&again)), 304);
}

#[test]
fn a_log_file_has_the_denials_and_a_wrong_setting_is_one_line_and_exit_code_2() {
    let folder = folder();
    let mut server = Running::start(demo(&folder).env("AUTH_LOG_FILENAME", "demo.log").args(["--port", "0"]));
    let address =
        server.printed_until(LAST_LINE)[0].rsplit_once(' ').expect("the first line ends with the address").1.to_owned();
    paste(&format!("curl -i {address}/auth/me"));
    server.logged_until("denied");
    assert!(server.interrupt().success());
    let log = fs::read_to_string(folder.path().join("demo.log")).expect("a log");
    assert!(log.contains("denied") && !log.contains('\u{1b}'), "{log}");

    for (setting, value) in [
        ("AUTH_LOG_FILENAME", "no/such/folder/log"),
        ("AUTH_DB_URI", "oracle://host"),
        ("AUTH_DB_URI", "postgres://app:12?hunter2@host/db"),
        ("AUTH_SECRET_KEY", "hunter2"),
    ] {
        let (stderr, code) = refusal(demo(&folder).env(setting, value).args(["--port", "0"]));
        assert_eq!((stderr.lines().count(), code), (1, Some(2)), "{stderr}");
        assert!(stderr.starts_with("demo: ") && !stderr.contains("hunter2"), "{stderr}");
    }
    fs::write(folder.path().join("text.db"), "this is no database, whatever its name says").expect("a file");
    let (stderr, code) = refusal(demo(&folder).env("AUTH_DB_URI", "sqlite:text.db").args(["--port", "0"]));
    assert_eq!(stderr, "demo: the database does not answer as it should: file is not a database\n");
    assert_eq!(code, Some(3));
}

#[test]
fn printed_commands_name_the_database_in_use() {
    let folder = folder();
    for (words, command) in [
        (["--port", "0"].as_slice(), "  cargo run -- user list"),
        (
            &["--port", "0", "--database-url", "sqlite:other.db"],
            "  cargo run -- --database-url 'sqlite:other.db' user list",
        ),
    ] {
        let printed = Running::start(demo(&folder).args(words)).printed_until(LAST_LINE);
        assert!(printed.iter().any(|line| line == command), "{printed:#?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_failure_to_print_the_passwords_is_reported() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let ended = demo(&folder()).args(["--port", "0"]).stdout(full).output().expect("the binary starts");
    let stderr = String::from_utf8(ended.stderr).expect("UTF-8");
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("demo: users were created") && stderr.contains("user set-password NAME --generate"),
        "{stderr}"
    );
}

#[test]
fn help_names_the_option_and_the_variable() {
    let output = demo(&folder()).arg("--help").output().expect("the binary starts");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && help.contains("--port") && help.contains("PORT"), "{help}");
}

#[tokio::test]
async fn two_first_runs_share_no_secret() {
    let secrets = |first: &FirstUsers| -> BTreeSet<String> {
        first.people.iter().map(|person| person.password.clone()).chain([first.key.clone()]).collect()
    };
    let (one, other) = (new_demo().await.first.unwrap(), new_demo().await.first.unwrap());
    assert!(secrets(&one).is_disjoint(&secrets(&other)));
    assert_eq!(secrets(&one).len(), one.people.len() + 1);
}

#[test]
fn users_persist_and_the_same_program_administers_them() {
    let folder = folder();
    let admin = |words: &[&str]| {
        let output = demo(&folder).args(words).output().expect("the binary starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let address = |printed: &[String]| printed[0].rsplit_once(' ').expect("the address").1.to_owned();
    let mut first = Running::start(demo(&folder).args(["--port", "0"]));
    let printed = first.printed_until(LAST_LINE);
    let line = printed.iter().find(|line| line.contains("-u vera:")).expect("a line with her password");
    assert_eq!(status(&paste(line)), 200);

    // While the demo runs, another process changes a user. The change takes effect within five seconds.
    let bound = std::time::Duration::from_secs(5);
    let (code, listed) = admin(&["user", "list"]);
    assert!(
        code == Some(0) && ["ada", "alice", "bob", "nightly-report", "vera"].iter().all(|name| listed.contains(name))
    );
    assert_eq!(admin(&["user", "set-roles", "vera", "Veiwer"]).0, Some(1));
    assert_eq!(admin(&["user", "disable", "vera", "--yes"]).0, Some(0));
    std::thread::sleep(bound);
    assert_eq!(status(&paste(line)), 401);
    assert_eq!(admin(&["user", "enable", "vera"]).0, Some(0));
    assert!(first.interrupt().success());

    // The next start creates no user and prints no password.
    let mut second = Running::start(demo(&folder).args(["--port", "0"]));
    let printed_again = second.printed_until(LAST_LINE);
    assert!(printed_again.iter().any(|line| line.contains("shown at the first start")), "{printed_again:#?}");
    let line = line.replace(&address(&printed), &address(&printed_again));
    assert_eq!(status(&paste(&line)), 200);
}

#[test]
fn tokens_outlast_a_restart_where_a_secret_key_is_set() {
    let folder = folder();
    let start = || {
        let mut command = demo(&folder);
        Running::start(command.env("AUTH_SECRET_KEY", "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa").args(["--port", "0"]))
    };
    let mut first = start();
    let printed = first.printed_until(LAST_LINE);
    let address =
        |printed: &[String]| printed[0].rsplit_once(' ').expect("the first line ends with the address").1.to_owned();
    let row = printed.iter().find(|line| line.starts_with("  alice ")).expect("alice");
    let password = row.split_whitespace().last().expect("a password");
    let form = format!("-d grant_type=password -d username=alice -d password={password}");
    let tokens = paste(&format!("curl -s {form} {}/auth/token", address(&printed)));
    let tokens: Value = serde_json::from_str(&tokens).expect("JSON");
    let text = |member: &str| tokens[member].as_str().expect("a token").to_owned();
    assert!(first.interrupt().success());

    let mut second = start();
    let address = address(&second.printed_until(LAST_LINE));
    let me = paste(&format!("curl -i -H 'Authorization: Bearer {}' {address}/auth/me", text("access_token")));
    assert_eq!(status(&me), 200, "{me}");
    let form = format!("-d grant_type=refresh_token -d refresh_token={}", text("refresh_token"));
    let refreshed = paste(&format!("curl -i {form} {address}/auth/token"));
    assert_eq!(status(&refreshed), 200, "{refreshed}");
}

/// Returns a demo on an empty database.
async fn new_demo() -> Demo {
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.unwrap();
    Demo::new(&users, ADDRESS).await.unwrap()
}

/// Returns the password of one of the first users.
fn password<'a>(demo: &'a Demo, name: &str) -> &'a str {
    let people = &demo.first.as_ref().unwrap().people;
    &people.iter().find(|person| person.name == name).unwrap().password
}

#[tokio::test]
async fn r72_a_user_needs_the_current_password_to_change_it() {
    let demo = new_demo().await;
    let client = TestClient::new(app(&demo));
    let made = password(&demo, "alice");
    let token = json(ask(&client, &demo, GOOD).await).await["access_token"].as_str().expect("a token").to_owned();
    let bearer = format!("Bearer {token}");
    let change = async |with: &str, current: &str, new: &str| {
        let request = client.put("/me/password").typed_header(basic("alice", with));
        request.body_json(&serde_json::json!({ "current": current, "new": new })).send().await
    };
    let chosen = "correct horse battery staple";
    for (current, new, reason) in [
        (made, "short", "fewer than 8 characters"),
        (made, "password123", "most common"),
        ("wrong horse", chosen, "not that of \"alice\""),
    ] {
        let refused = change(made, current, new).await;
        refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        let stderr = refused.0.into_body().into_string().await.expect("text");
        assert!(stderr.contains(reason) && !stderr.contains(new), "{stderr}");
    }
    let me = async |header: &str| client.get("/auth/me").header("Authorization", header).send().await.0.status();
    assert_eq!(me(&bearer).await, StatusCode::OK);
    let body = serde_json::json!({ "current": made, "new": chosen });
    let by_token = client.put("/me/password").header("Authorization", &bearer).body_json(&body).send().await;
    by_token.assert_status(StatusCode::UNAUTHORIZED);

    // Guesses of the current password are throttled.
    let tried = TestClient::new(app(&demo));
    for _ in 0..6 {
        let request = tried.put("/me/password").typed_header(basic("bob", password(&demo, "bob")));
        let body = serde_json::json!({ "current": "wrong horse", "new": chosen });
        let answer = request.body_json(&body).send().await;
        if answer.0.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait = answer.0.header("Retry-After").and_then(|wait| wait.parse::<u64>().ok());
            assert!(wait.is_some_and(|wait| (1..=61).contains(&wait)), "{wait:?}");
        } else {
            answer.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    let request = tried.put("/me/password").typed_header(basic("bob", password(&demo, "bob")));
    let body = serde_json::json!({ "current": password(&demo, "bob"), "new": chosen });
    request.body_json(&body).send().await.assert_status(StatusCode::TOO_MANY_REQUESTS);

    change(made, made, chosen).await.assert_status(StatusCode::NO_CONTENT);
    assert_eq!(me(&bearer).await, StatusCode::UNAUTHORIZED, "tokens end with the password");
    change(made, made, chosen).await.assert_status(StatusCode::UNAUTHORIZED);
    client.get("/auth/me").typed_header(basic("alice", chosen)).send().await.assert_status_is_ok();
}

/// Requests a token with these parameters. `PASSWORD` is replaced by alice's password.
async fn token(form: &str) -> TestResponse {
    let demo = new_demo().await;
    ask(&TestClient::new(app(&demo)), &demo, form).await
}

async fn ask<E: Endpoint>(client: &TestClient<E>, demo: &Demo, form: &str) -> TestResponse {
    let form = form.replace("PASSWORD", password(demo, "alice"));
    client.post("/auth/token").content_type("application/x-www-form-urlencoded").body(form).send().await
}

const GOOD: &str = "grant_type=password&username=alice&password=PASSWORD";

async fn json(answer: TestResponse) -> Value {
    answer.json().await.value().deserialize()
}

#[tokio::test]
async fn a_token_response_has_type_lifetime_and_scope() {
    let answer = token(GOOD).await;
    answer.assert_status_is_ok();
    answer.assert_header("cache-control", "no-store");
    answer.assert_header("pragma", "no-cache");
    let body = json(answer).await;
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &900.into()));
    assert_eq!(body["scope"], "view edit");
}

#[tokio::test]
async fn the_scope_is_returned_only_if_it_differs_from_the_request() {
    for (requested, granted) in
        [("view", None), ("view+edit", None), ("edit+view", Some("view edit")), ("view+delete", Some("view"))]
    {
        let body = json(token(&format!("{GOOD}&scope={requested}")).await).await;
        assert_eq!(body["scope"].as_str(), granted, "{requested}");
    }
}

#[tokio::test]
async fn a_token_carries_only_the_requested_scopes() {
    let demo = new_demo().await;
    let client = TestClient::new(app(&demo));
    for (scope, expected) in
        [("", [200, 201, 403]), ("&scope=view", [200, 403, 403]), ("&scope=edit+delete", [403, 201, 403])]
    {
        let token = json(ask(&client, &demo, &format!("{GOOD}{scope}")).await).await["access_token"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let read = client.get("/entries").header("Authorization", &bearer).send().await;
        let write = client.post("/entries").header("Authorization", &bearer).content_type("application/json");
        let write = write.body(r#"{"text": "Hello"}"#).send().await;
        let delete = client.delete("/entries/1").header("Authorization", &bearer).send().await;
        assert_eq!([read, write, delete].map(|answer| answer.0.status().as_u16()), expected, "{scope}");
    }
}

#[tokio::test]
async fn errors_of_token_requests_follow_rfc_6749() {
    for (form, error) in [
        ("", "invalid_request"),
        ("username=alice&password=PASSWORD", "invalid_request"),
        ("grant_type=&username=alice&password=PASSWORD", "invalid_request"),
        ("grant_type=password&password=PASSWORD", "invalid_request"),
        ("grant_type=password&username=alice", "invalid_request"),
        ("grant_type=password&grant_type=password&username=alice&password=PASSWORD", "invalid_request"),
        ("grant_type=password&username=alice&password=PASSWORD&scope=&scope=view", "invalid_request"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=Password&username=alice&password=PASSWORD", "unsupported_grant_type"),
        ("grant_type=password&username=alice&password=wrong", "invalid_grant"),
        ("grant_type=password&username=nobody&password=PASSWORD", "invalid_grant"),
        ("grant_type=password&username=alice&password=PASSWORD&scope=root", "invalid_scope"),
        ("grant_type=password&username=alice&password=PASSWORD&scope=view,edit", "invalid_scope"),
        ("grant_type=password&username=alice&password=PASSWORD&scope=delete", "invalid_scope"),
        ("grant_type=password&username=alice&password=PASSWORD&scope=+", "invalid_scope"),
    ] {
        let answer = token(form).await;
        answer.assert_status(StatusCode::BAD_REQUEST);
        answer.assert_content_type("application/json");
        answer.assert_header("cache-control", "no-store");
        assert_eq!(json(answer).await["error"], error, "{form}");
    }
}

#[tokio::test]
async fn only_a_form_is_a_token_request() {
    let demo = new_demo().await;
    let client = TestClient::new(app(&demo));
    let body = r#"{"grant_type": "password", "username": "alice"}"#;
    let json_body = client.post("/auth/token").content_type("application/json").body(body).send().await;
    json_body.assert_status(StatusCode::BAD_REQUEST);
    assert_eq!(json(json_body).await["error"], "invalid_request");
    let long = format!("{GOOD}&scope={}", "a".repeat(10_000));
    assert_eq!(json(ask(&client, &demo, &long).await).await["error"], "invalid_request");
    client.get("/auth/token").send().await.assert_status(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_author_is_recognised_with_any_credential() {
    let demo = new_demo().await;
    let client = TestClient::new(app(&demo));
    let token = json(ask(&client, &demo, GOOD).await).await["access_token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let text = r#"{"text": "Hello"}"#;
    let written = client.post("/entries").header("Authorization", &bearer).content_type("application/json");
    written.body(text).send().await.assert_status(StatusCode::CREATED);
    for (name, expected) in [("alice", 200), ("bob", 403), ("vera", 403), ("ada", 200)] {
        let change = client.put("/entries/1").typed_header(basic(name, password(&demo, name)));
        let answer = change.content_type("application/json").body(text).send().await;
        assert_eq!(answer.0.status().as_u16(), expected, "{name}");
    }
}

fn basic(name: &str, password: &str) -> poem::web::headers::Authorization<poem::web::headers::authorization::Basic> {
    poem::web::headers::Authorization::basic(name, password)
}

#[tokio::test]
async fn the_documentation_page_loads_nothing_from_other_hosts() {
    let client = TestClient::new(app(&new_demo().await));
    let page = client.get("/docs").send().await.0.into_body().into_string().await.unwrap();
    for remote in ["src=\"http", "href=\"http", "src=\"//", "@import"] {
        assert!(!page.contains(remote), "{remote}");
    }
    let document = json(client.get("/openapi.json").send().await).await;
    let flow = &document["components"]["securitySchemes"]["access_token"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], "/auth/token");
    assert_eq!(
        document["paths"]["/hello"]["get"]["security"].as_array().unwrap().last().unwrap(),
        &serde_json::json!({})
    );
}
