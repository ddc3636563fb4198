//! `docs/requirements.md` has each rule that a test names, and names only tests that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The folders that hold tests.
const PLACES: [&str; 7] = ["auth-admin", "auth-ldap", "auth-macros", "auth-runtime", "auth-store", "examples", "tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the table rows of the document, by rule.
fn rows() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/requirements.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| R"));
    rows.map(|row| (row[2..].split(' ').next().unwrap().to_owned(), row.to_owned())).collect()
}

/// Returns the names of all functions that begin with the number of a rule.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<_> = PLACES.map(|part| root().join(part)).into();
    while let Some(path) = open.pop() {
        if !path.exists() {
            continue;
        }
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(functions(&fs::read_to_string(path).unwrap()));
        }
    }
    names
}

fn functions(source: &str) -> Vec<String> {
    let names = source.lines().filter_map(|line| line.split_once("fn r")).map(|(_, rest)| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        format!("r{}", &rest[..end])
    });
    names.filter(|name| rule_of(name).is_some()).collect()
}

/// Returns `R7` for `r07_a_name`.
fn rule_of(name: &str) -> Option<String> {
    let number = name.strip_prefix('r')?.split_once('_')?.0;
    Some(format!("R{}", number.parse::<u16>().ok().filter(|_| number.len() > 1)?))
}

/// Returns the texts in backticks of the last column.
fn named(row: &str) -> Vec<&str> {
    let column = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
    column.split('`').skip(1).step_by(2).collect()
}

#[test]
fn each_rule_that_a_test_names_is_in_the_document() {
    let rows = rows();
    let missing: Vec<_> = tests().into_iter().filter(|test| !rows.contains_key(&rule_of(test).unwrap())).collect();
    assert!(missing.is_empty(), "no row in docs/requirements.md for: {missing:?}");
}

#[test]
fn each_test_that_the_document_names_exists() {
    let tests = tests();
    for (rule, row) in rows() {
        let named = named(&row);
        assert!(!named.is_empty() || row.contains("**open**"), "{rule} names no test and is not open");
        for name in named {
            let exists = match name.strip_suffix('*') {
                _ if name.starts_with("ui-tests/") => root().join(name).exists(),
                Some(prefix) => tests.iter().any(|test| test.starts_with(prefix)),
                None => tests.contains(name),
            };
            assert!(exists, "{rule} names `{name}`, which does not exist");
        }
    }
}
