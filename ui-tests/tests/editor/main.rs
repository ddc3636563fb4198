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

const TYPED: [Typed; 17] = [
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
fn the_word_of_a_clause_is_explained() {
    let mut server = Server::start();
    for (text, explained) in [
        ("ro|les(\"Viewer\")", "callers with one of the roles"),
        ("any(fre|sh = \"5m\", role(\"Viewer\"))", "signed in within this time"),
        ("check = caller.sub|ject() == \"alice\"", "Returns the caller's identifier"),
        ("permission(Permission::Vi|ew)", "View entries"),
    ] {
        let hover = server.hover("/*clauses*/", text);
        assert!(hover.contains(explained), "{text}: {hover}");
    }
}
