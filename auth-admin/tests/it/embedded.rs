//! The commands as part of an application with declared roles and permissions.

use std::{
    fs,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use auth_admin::{Admin, AdminCommand, Console, Exit, Settings};
use auth_runtime::{
    prelude::*,
    review::{AccessPolicy, DifferenceClass},
    users::Passwords,
};
use auth_store::{NewUser, SqlUsers};
use clap::{CommandFactory, Parser, Subcommand};
use serde_json::{Value, json};
use tempfile::TempDir;

permissions! {
    /// Permissions on notes.
    pub enum Permission {
        /// Read notes
        View = "view",
        /// Change notes
        Edit = "edit",
    }
}

roles! {
    /// Roles of editors.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [View],
        /// Reads and writes
        Editor = "Editor": Viewer => [Edit],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(basic)]
    password: Basic<SqlUsers>,
}

#[derive(Parser)]
#[command(name = "notes")]
struct Options {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Commands>,
}

#[derive(Subcommand)]
enum Commands {
    /// Serves
    Serve,
    #[command(flatten)]
    Admin(AdminCommand),
}

/// An output that a test can read.
#[derive(Clone, Default)]
struct SharedOutput(Arc<Mutex<Vec<u8>>>);

impl SharedOutput {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for SharedOutput {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The policy of the application.
fn policy() -> AccessPolicy {
    AccessPolicy::of::<Auth>()
        .subtree("/drafts/*", requirement!(permission("edit")))
        .subtree("/notes/*", requirement!(permission("view")))
        .build()
}

/// Runs the application with these arguments. It has a policy, and no database.
async fn notes_with_policy(words: &[&str]) -> (Exit, String, String) {
    run(words, None, "sqlite:no/such/folder/notes.db", |admin| admin.policy(policy)).await
}

/// Runs the application with these arguments.
async fn notes(words: &[&str], users: Option<&SqlUsers>, url: &str) -> (Exit, String, String) {
    run(words, users, url, |admin| admin).await
}

async fn run(
    words: &[&str],
    users: Option<&SqlUsers>,
    url: &str,
    configure: impl FnOnce(Admin) -> Admin,
) -> (Exit, String, String) {
    let options = Options::try_parse_from([&["notes"], words].concat()).unwrap();
    let Some(Commands::Admin(command)) = options.command else { panic!("{words:?}") };
    let (output, errors) = (SharedOutput::default(), SharedOutput::default());
    let console = Console::new(io::empty(), output.clone(), errors.clone());
    let admin = Admin::of::<Auth>(Options::command()).default_database_url(url).console(console);
    let admin = configure(admin.passwords(Passwords::new().min_len(15)));
    let exit = match users {
        Some(users) => admin.run_on(command, users).await,
        None => admin.run(command, &options.settings).await,
    };
    (exit, output.text(), errors.text())
}

fn folder() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("notes.db").display());
    (folder, url)
}

#[tokio::test]
async fn names_are_checked_against_the_tables_of_the_application() {
    let (_folder, url) = folder();
    assert_eq!(notes(&["migrate"], None, &url).await.0, Exit::Done);
    let (exit, _, message) = notes(&["user", "add", "alice", "--no-password", "--role", "Veiwer"], None, &url).await;
    let unknown = "notes: unknown role `Veiwer`; did you mean `Viewer`? (declared: `Viewer`, `Editor`)\n";
    assert_eq!((exit, message.as_str()), (Exit::Refused, unknown));
    assert_eq!(notes(&["user", "add", "alice", "--no-password", "--role", "Viewer"], None, &url).await.0, Exit::Done);
    let (exit, _, message) = notes(&["key", "create", "alice", "--permission", "edit"], None, &url).await;
    let beyond = "notes: the key cannot have the permission \"edit\", as its owner \"alice\" does not have it\n";
    assert_eq!((exit, message.as_str()), (Exit::Refused, beyond));
    assert_eq!(notes(&["key", "create", "alice", "--permission", "view"], None, &url).await.0, Exit::Done);
    // A declared role without users is valid.
    assert_eq!(notes(&["user", "list", "--role", "Editor"], None, &url).await.0, Exit::Done);
    assert_eq!(notes(&["user", "list", "--role", "editor"], None, &url).await.0, Exit::Refused);
}

#[tokio::test]
async fn declared_names_are_listed_with_their_descriptions() {
    let (_folder, url) = folder();
    let without = SqlUsers::connect(&url).await.unwrap();
    without.add(NewUser::new("bob").roles(["Viewer", "Operator"]).permissions(["edit", "fly"])).await.unwrap();
    let (exit, table, _) = notes(&["role", "list"], None, &url).await;
    assert_eq!(exit, Exit::Done);
    assert_eq!(
        table,
        "ROLE      IN USE  PERMISSIONS  DESCRIPTION\n\
         Viewer    yes     view         Reads\n\
         Editor    no      view, edit   Reads and writes\n\
         Operator  yes                  not declared: it grants nothing\n"
    );
    let (_, table, _) = notes(&["permission", "list"], None, &url).await;
    assert_eq!(
        table,
        "PERMISSION  IN USE  DESCRIPTION\n\
         view        no      Read notes\n\
         edit        yes     Change notes\n\
         fly         yes     not declared: it grants nothing\n"
    );
    let (_, document, _) = notes(&["role", "list", "--output", "json"], None, &url).await;
    let document: Value = serde_json::from_str(&document).unwrap();
    let editor = json!({
        "name": "Editor", "declared": true, "in_use": false, "description": "Reads and writes",
        "permissions": ["view", "edit"],
    });
    let operator =
        json!({ "name": "Operator", "declared": false, "in_use": true, "description": null, "permissions": null });
    assert_eq!((&document[1], &document[2]), (&editor, &operator));
}

#[tokio::test]
async fn check_reports_undeclared_names() {
    let (_folder, url) = folder();
    let without = SqlUsers::connect(&url).await.unwrap();
    assert_eq!(notes(&["check"], None, &url).await.0, Exit::Done);
    without.add(NewUser::new("bob").roles(["Operator"])).await.unwrap();
    let (exit, table, message) = notes(&["check"], None, &url).await;
    assert_eq!(
        (exit, message.as_str()),
        (Exit::Refused, "notes: the database does not match this program; see the report\n")
    );
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[2], "roles        not declared, so they grant nothing: Operator");
    assert_eq!(lines[3], "permissions  all are declared");
    let (exit, document, _) = notes(&["check", "--output", "json"], None, &url).await;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        (exit, &document["unknown_roles"], &document["fits"]),
        (Exit::Refused, &json!(["Operator"]), &json!(false))
    );
}

#[tokio::test]
async fn the_application_may_have_its_own_store() {
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.unwrap();
    let (exit, message, _) =
        notes(&["user", "add", "alice", "--no-password", "--role", "Editor"], Some(&users), "").await;
    assert_eq!((exit, message.as_str()), (Exit::Done, "user \"alice\" was added\n"));
    assert_eq!(users.get("alice").await.unwrap().roles, ["Editor"]);
    let (_, table, _) = notes(&["check"], Some(&users), "").await;
    assert!(table.starts_with("database     of the application\n"), "{table}");
    let (exit, script, _) = notes(&["completions", "bash"], Some(&users), "").await;
    assert!(exit == Exit::Done && script.contains("_notes()") && script.contains("serve"), "{script}");
}

#[tokio::test]
async fn access_commands_show_the_policy_of_the_application_without_a_database() {
    let (exit, matrix, errors) = notes_with_policy(&["access", "matrix"]).await;
    assert_eq!((exit, errors.as_str()), (Exit::Done, ""));
    assert_eq!(
        matrix,
        "               anonymous  signed in  Viewer  Editor\n\
         ANY /drafts/*  -          -          -       yes\n\
         ANY /notes/*   -          -          yes     yes\n\
         \n\
         contained role: role \"Viewer\": role \"Editor\" holds all that it holds\n"
    );
    let (exit, explained, _) = notes_with_policy(&["access", "explain", "GET", "/drafts/7", "--role", "Viewer"]).await;
    assert_eq!(
        (exit, explained.as_str()),
        (Exit::Done, "ANY /drafts/* for role(\"Viewer\"): denied\nno   permission(\"edit\") (Editor holds it)\n")
    );
    assert_eq!(notes_with_policy(&["access", "lint"]).await.0, Exit::Done);
    // A store of the application changes nothing.
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.unwrap();
    let with_store = run(&["access", "matrix"], Some(&users), "", |admin| admin.policy(policy)).await;
    assert_eq!(with_store, (Exit::Done, matrix, String::new()));
}

#[tokio::test]
async fn check_compares_the_lock_file_with_the_application() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("access.lock");
    let lock = path.to_str().unwrap();
    let check = async |more: &[&str]| notes_with_policy(&[&["access", "check", "--lock", lock], more].concat()).await;
    let missing = format!("notes: `{lock}` is missing; add --accept to write it, and commit it\n");
    assert_eq!(check(&[]).await, (Exit::Refused, String::new(), missing));

    assert_eq!(check(&["--accept"]).await, (Exit::Done, format!("`{lock}` was written\n"), String::new()));
    assert_eq!(fs::read_to_string(&path).unwrap(), policy().to_string());
    assert_eq!(check(&[]).await, (Exit::Done, "no difference\n".to_owned(), String::new()));
    assert_eq!(check(&["--accept"]).await.1, format!("`{lock}` is up to date\n"));

    let narrower = policy().to_string().replace("requires permission(\"view\")", "requires permission(\"edit\")");
    fs::write(&path, narrower).unwrap();
    let (exit, difference, errors) = check(&[]).await;
    assert_eq!(exit, Exit::Differs(DifferenceClass::Widened));
    assert_eq!(exit.code(), 14);
    assert_eq!(errors, "notes: access differs: 1 widened, 1 narrowed\n");
    assert!(difference.contains("widened: ANY /notes/*\n    lets in   role(\"Viewer\")\n"), "{difference}");
    let (_, document, _) = check(&["--format", "json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap()["class"], "widened");
    assert_eq!(check(&["--accept"]).await.1, format!("`{lock}` was written: 1 widened, 1 narrowed\n"));
    assert_eq!(check(&[]).await.0, Exit::Done);

    fs::write(&path, "access-lock 1\nnonsense\n").unwrap();
    let (exit, _, errors) = check(&[]).await;
    assert!(exit == Exit::Usage && errors.starts_with(&format!("notes: `{lock}`: line 2: expected ")), "{errors}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let (exit, _, errors) = check(&[]).await;
    assert!(exit == Exit::Usage && errors.starts_with(&format!("notes: cannot read `{lock}`: ")), "{errors}");
}

#[tokio::test]
async fn an_application_without_a_policy_learns_what_to_write() {
    for words in
        [&["access", "matrix"][..], &["access", "check"], &["access", "lint"], &["access", "explain", "GET", "/"]]
    {
        let (exit, output, errors) = notes(words, None, "").await;
        assert_eq!((exit, output.as_str()), (Exit::Usage, ""));
        assert_eq!(
            errors,
            "notes: this program has no access policy; write `Admin::of::<Auth>(..).policy(policy)` with `fn policy() -> \
             AccessPolicy { AccessPolicy::of::<Auth>().api::<Api>(\"/\").build() }`\n"
        );
    }
}

#[tokio::test]
async fn declared_names_are_exported_as_typescript() {
    let (exit, module, errors) = notes(&["export", "typescript"], None, "").await;
    assert_eq!((exit, errors.as_str()), (Exit::Done, ""));
    assert_eq!(module, include_str!("data/notes.ts"));
}

#[tokio::test]
async fn the_password_rules_of_the_application_apply() {
    let (_folder, url) = folder();
    assert_eq!(notes(&["migrate"], None, &url).await.0, Exit::Done);
    let options = Options::try_parse_from(["notes", "user", "add", "alice", "--password-stdin"]).unwrap();
    let Some(Commands::Admin(command)) = options.command else { panic!() };
    let errors = SharedOutput::default();
    let console = Console::new("seventeen\n".as_bytes(), io::sink(), errors.clone());
    let admin = Admin::of::<Auth>(Options::command()).passwords(Passwords::new().min_len(15)).console(console);
    assert_eq!(admin.default_database_url(&url).run(command, &options.settings).await, Exit::Refused);
    assert_eq!(errors.text(), "notes: the password has fewer than 15 characters\n");
}

#[test]
fn settings_are_for_the_application_too_and_show_no_secret() {
    let parse = |words: &[&str]| Options::try_parse_from([&["notes"], words].concat()).unwrap();
    assert!(parse(&[]).command.is_none());
    let redis = ["--redis-url", "rediss://app:hunter22@r/0", "--redis-key-prefix", "notes:"];
    let options = parse(&[&["serve", "--database-url", "postgres://app:hunter22@h/d"][..], &redis].concat());
    assert!(matches!(options.command, Some(Commands::Serve)));
    assert_eq!(options.settings.database_url(), Ok(Some("postgres://app:hunter22@h/d")));
    assert!(options.settings.passwords(Passwords::new()).is_ok());
    let shown = format!("{:?}", options.settings);
    assert_eq!(options.settings.redis_url(), Ok(Some("rediss://app:hunter22@r/0")));
    assert_eq!(options.settings.redis_key_prefix(), Ok(Some("notes:")));
    assert!(
        shown.contains("postgres://h/d") && shown.contains("rediss://r/0") && !shown.contains("hunter22"),
        "{shown}"
    );
    Options::command().debug_assert();
}
