//! The access policy of the demo: reviewed, complete, and shown to administrators alone.

use std::{fs, path::Path, process::Command};

use auth_examples::demo::{ADDRESS, Demo, access::Auth, app, review::policy};
use auth_runtime::review::{AccessLockError, AccessPolicy, Difference, MatrixColumn};
use auth_store::SqlUsers;
use poem::{
    http::{Method, StatusCode},
    test::TestClient,
    web::headers::Authorization,
};

#[test]
fn access_is_as_reviewed() {
    auth_runtime::assert_access_lock!(policy());
}

/// The README shows the message of the lock test after one role was given another permission.
#[test]
fn the_readme_shows_the_message_of_the_lock_test() {
    let before = r#"role "User" "Views and writes entries" holds "edit" "view""#;
    let after = r#"role "User" "Views and writes entries" holds "delete" "edit" "view""#;
    let text = policy().to_string();
    assert!(text.contains(before), "{text}");
    let changed: AccessPolicy = text.replace(before, after).parse().unwrap();
    let difference = Box::new(Difference::between(&policy(), &changed));
    let message = AccessLockError::Differs { path: "access.lock".to_owned(), difference }.to_string();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    assert!(readme.contains(&format!("```text\n{message}\n```\n")), "the README must show this:\n\n{message}");
}

#[tokio::test]
async fn every_rule_that_a_request_meets_is_in_the_policy() {
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.unwrap();
    let demo = Demo::new(&users, ADDRESS).await.unwrap();
    let client = TestClient::new(app(&demo));
    for rule in policy().rules() {
        let path = rule
            .target
            .path()
            .expect("every rule of the demo has a path")
            .replace(":id", "1")
            .replace('*', "entries.txt");
        let method = rule.target.method().cloned().unwrap_or(Method::GET);
        let answer = client.request(method.clone(), &path).send().await;
        // The token service wants a form.
        let expected = match (rule.admits_anonymous(), path.starts_with("/auth/")) {
            (true, false) => StatusCode::OK,
            (true, true) => StatusCode::BAD_REQUEST,
            (false, _) => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(answer.0.status(), expected, "{method} {path}");
    }
    assert_eq!(demo.watch.unlisted(), Vec::<&str>::new());
}

#[tokio::test]
async fn the_matrix_is_for_administrators() {
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.unwrap();
    let demo = Demo::new(&users, ADDRESS).await.unwrap();
    let client = TestClient::new(app(&demo));
    for (name, expected) in [("vera", 403), ("alice", 403), ("ada", 200)] {
        let people = &demo.first.as_ref().unwrap().people;
        let password = &people.iter().find(|person| person.name == name).unwrap().password;
        let request = client.get("/admin/access").typed_header(Authorization::basic(name, password));
        let answer = request.send().await;
        assert_eq!(answer.0.status().as_u16(), expected, "{name}");
        if expected == 200 {
            answer.assert_header_exist("content-security-policy");
            let page = answer.0.into_body().into_string().await.unwrap();
            assert!(page.contains("<th scope=\"row\">GET /admin/access</th>"), "{page}");
        }
    }
}

/// `cargo run -- access ..` knows the policy, and opens no database.
#[test]
fn the_command_of_the_demo_knows_its_policy() {
    let run = |words: &[&str]| {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
        demo.args(words)
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .env("AUTH_DB_URI", "sqlite:no/such/folder/x.db");
        let output = demo.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&["access", "check"]), (Some(0), "no difference\n".to_owned()));
    let (code, matrix) = run(&["access", "matrix"]);
    assert_eq!(code, Some(0));
    for column in policy().matrix().columns().iter().map(MatrixColumn::to_string) {
        assert!(matrix.lines().next().unwrap().contains(&column), "{matrix}");
    }
    let (code, explained) = run(&["access", "explain", "PUT", "/entries/7", "--role", "Viewer"]);
    assert_eq!(code, Some(0));
    assert!(explained.starts_with("PUT /entries/:id for role(\"Viewer\"): denied\n"), "{explained}");
    let (code, module) = run(&["export", "typescript"]);
    assert!(code == Some(0) && module.contains("\"Administrator\": [\"view\", \"edit\", \"delete\"],"), "{module}");
}
