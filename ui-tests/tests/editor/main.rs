//! rust-analyzer completes and explains clauses, and a half-typed attribute is one error.
//!
//! The test types into `editor/entries.rs` through the language server. `rustup component add rust-analyzer` installs it.

mod server;

use server::Server;

/// Completions at the `|` of a text that stands in place of a mark.
struct Typed {
    mark: &'static str,
    text: &'static str,
    offered: &'static [&'static str],
    /// How many errors the line of the mark has.
    errors: usize,
}

const WORDS: &[&str] =
    &["roles", "role", "permission", "any_permission", "check", "claim", "acr", "fresh", "any", "hide"];
const CALLER: &[&str] = &["subject", "has_role", "meets"];

const KINDS: &[&str] = &["basic", "bearer", "oauth2", "openid_connect", "api_key", "header", "cookie", "http"];
const OPTIONS: &[&str] = &["name", "max_len", "ambient", "silent_for_scripts"];

const TYPED: [Typed; 27] = [
    Typed { mark: "/*clauses*/", text: "permission(Permission::|)", offered: &["View", "Edit"], errors: 1 },
    Typed { mark: "/*clauses*/", text: "roles(Role::|)", offered: &["Viewer", "Administrator"], errors: 1 },
    Typed { mark: "/*clauses*/", text: "any(hide, role(Role::Vi|))", offered: &["Viewer"], errors: 1 },
    Typed { mark: "/*clauses*/", text: "check = self.|", offered: &["store", "list"], errors: 1 },
    Typed { mark: "/*clauses*/", text: "check = caller.|", offered: CALLER, errors: 1 },
    Typed { mark: "/*clauses*/", text: "check(\"owner\") = caller.sub|", offered: CALLER, errors: 0 },
    Typed { mark: "/*clauses*/", text: "|", offered: WORDS, errors: 0 },
    Typed { mark: "/*clauses*/", text: "role(\"Viewer\"), rol|", offered: WORDS, errors: 1 },
    Typed { mark: "/*handler*/", text: "check = caller.|", offered: CALLER, errors: 1 },
    Typed { mark: "/*handler*/", text: "|", offered: WORDS, errors: 0 },
    Typed { mark: "/*requirement*/", text: "|", offered: WORDS, errors: 1 },
    Typed { mark: "/*requirement*/", text: "role(\"Viewer\"), fre|", offered: WORDS, errors: 1 },
    Typed { mark: "/*requirement*/", text: "permission(Permission::|)", offered: &["View", "Edit"], errors: 1 },
    Typed { mark: "/*tool*/", text: "|", offered: WORDS, errors: 0 },
    Typed { mark: "/*tool*/", text: "check = author.|", offered: &["len"], errors: 1 },
    Typed { mark: "/*tool*/", text: "check = caller.|", offered: CALLER, errors: 1 },
    // rust-analyzer looks into the attributes of a derive macro through its expansion.
    Typed { mark: "/*scheme*/", text: "|", offered: KINDS, errors: 1 },
    Typed { mark: "/*scheme*/", text: "bas|", offered: KINDS, errors: 1 },
    Typed { mark: "/*scheme*/", text: "basic, |", offered: OPTIONS, errors: 0 },
    Typed { mark: "/*scheme*/", text: "basic, max_len = 100, sil|", offered: OPTIONS, errors: 1 },
    Typed { mark: "/*scheme*/", text: "basic, name = \"pass word\", am|", offered: OPTIONS, errors: 2 },
    Typed { mark: "/*scheme*/", text: "api_key(|)", offered: &["header", "cookie", "query"], errors: 1 },
    Typed { mark: "/*scheme*/", text: "oauth2(|)", offered: &["password", "authorization_code"], errors: 1 },
    Typed { mark: "/*scheme*/", text: "oauth2(password(tok|))", offered: &["token_url", "refresh_url"], errors: 1 },
    Typed { mark: "/*auth*/", text: "|", offered: &["permissions", "roles", "realm", "rejection"], errors: 0 },
    Typed { mark: "/*auth*/", text: "permissions = Perm|", offered: &["Permission"], errors: 0 },
    // The rest of the block lives while an attribute is half-typed.
    Typed { mark: "caller.subject()", text: "caller.|subject()", offered: CALLER, errors: 0 },
];

#[test]
fn clauses_are_completed_and_a_half_typed_one_is_one_error() {
    let mut server = Server::start();
    for Typed { mark, text, offered, errors } in TYPED {
        let (completions, found) = server.complete(mark, text);
        let missing: Vec<_> = offered.iter().filter(|name| !completions.iter().any(|label| label == **name)).collect();
        assert!(missing.is_empty(), "{text}: {missing:?} not in {completions:?}");
        let generated: Vec<_> = completions.iter().filter(|label| label.contains("__")).collect();
        assert!(generated.is_empty(), "{text}: {generated:?}");
        assert_eq!(found.len(), errors, "{text}: {found:?}");
    }
}

#[test]
fn a_path_in_a_clause_leads_to_its_definition() {
    let mut server = Server::start();
    for (text, definition) in [
        ("permission(Permission::Vi|ew)", "View = \"view\","),
        ("any(hide, role(Role::Adminis|trator))", "Administrator = \"Administrator\" => all,"),
        ("check = self.sto|re.is_empty()", "store: String,"),
    ] {
        assert_eq!(server.definitions("/*clauses*/", text), [definition], "{text}");
    }
}

#[test]
fn a_string_leads_to_the_place_that_declares_the_name() {
    let mut server = Server::start();
    for (mark, text, definition) in [
        ("/*clauses*/", "permission(\"vi|ew\")", "View = \"view\","),
        (
            "/*clauses*/",
            "any(hide, roles(\"Viewer\", \"Adminis|trator\"))",
            "Administrator = \"Administrator\" => all,",
        ),
        ("/*clauses*/", "roles = \"View|er\"", "Viewer = \"Viewer\" => [View],"),
        ("/*clauses*/", "schemes(\"ke|y\")", "key: ApiKeys,"),
        ("/*requirement*/", "permission(\"ed|it\")", "Edit = \"edit\","),
        ("[View]", "[\"vi|ew\"]", "View = \"view\","),
    ] {
        assert_eq!(server.definitions(mark, text), [definition], "{text}");
    }
}

#[test]
fn a_permission_is_renamed_in_all_clauses() {
    let mut server = Server::start();
    let edits = server.rename("/*clauses*/", "permission(Permission::Vi|ew)", "Read").unwrap();
    let changed = ["Read = \"view\",", "Viewer = \"Viewer\" => [Read],", "#[protected(permission(Permission::Read))]"];
    assert_eq!(edits, changed);
}

/// The editor would put an identifier in place of the quotes.
#[test]
fn a_string_is_not_renamed() {
    let mut server = Server::start();
    for text in ["permission(\"vi|ew\")", "schemes(\"ke|y\")"] {
        assert_eq!(server.rename("/*clauses*/", text, "read"), None, "{text}");
    }
}

#[test]
fn the_word_of_a_clause_is_explained() {
    let mut server = Server::start();
    for (text, explained) in [
        ("ro|les(\"Viewer\")", "callers with one of the roles"),
        ("any(fre|sh = \"5m\", role(\"Viewer\"))", "signed in within this time"),
        ("check = caller.sub|ject() == \"alice\"", "Returns the caller's identifier"),
        ("permission(Permission::Vi|ew)", "View entries"),
        ("permission(\"vi|ew\")", "View entries"),
        ("schemes(\"ke|y\")", "Key of a machine"),
    ] {
        let hover = server.hover("/*clauses*/", text);
        assert!(hover.contains(explained), "{text}: {hover}");
    }
}

#[test]
fn attributes_and_their_words_are_explained() {
    let mut server = Server::start();
    for (mark, text, explained) in [
        ("#[permission(\"view\")]", "#[perm|ission(\"view\")]", "#[permission(Permission::View)]"),
        ("#[protected(/*clauses*/)]", "#[prot|ected]", "authenticat"),
        ("#[protected(/*clauses*/)]", "#[pub|lic(reason = \"probe\")]", "liveness probe"),
        ("#[protected(/*clauses*/)]", "#[optional|_auth]", "Option<Principal<Auth>>"),
        ("/*scheme*/", "bas|ic", "a user name and a password"),
        ("/*scheme*/", "oauth2(pass|word(token_url = \"/token\"))", "The user gives name and password"),
        ("/*auth*/", "rea|lm = \"entries\"", "the protection space"),
    ] {
        let hover = server.hover(mark, text);
        assert!(hover.contains(explained), "{text}: {hover}");
    }
}
