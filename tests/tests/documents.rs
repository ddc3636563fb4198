//! Links between the documents lead to files that exist, and the book lists each of its pages.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the pages of the book, without the summary.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut open = vec![root().join("docs/src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("SUMMARY.md") {
            pages.push(path);
        }
    }
    pages
}

/// Returns the files that a text links to, without the part after `#`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.map(|target| target.split_once('#').map_or(target, |(file, _)| file));
    files.filter(|file| !file.is_empty() && !file.contains("://"))
}

#[test]
fn each_link_leads_to_a_file() {
    let names = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "llms.txt", "docs/src/SUMMARY.md"];
    let mut broken = Vec::new();
    for document in names.map(|name| root().join(name)).into_iter().chain(pages()) {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        broken.extend(
            links(&text)
                .filter(|link| !folder.join(link).exists())
                .map(|link| format!("{}: {link}", document.display())),
        );
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_page_is_in_the_summary() {
    let summary = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    let source = root().join("docs/src");
    for page in pages() {
        let name = page.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        assert!(summary.contains(&format!("({name})")), "{name} is not in the summary");
    }
}

/// The examples compile the Rust blocks of all pages as doctests.
#[test]
fn each_page_with_rust_is_compiled() {
    let doctests = fs::read_to_string(root().join("examples/src/lib.rs")).unwrap();
    for page in pages() {
        let name = page.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let has_rust = fs::read_to_string(&page).unwrap().contains("```rust");
        assert!(!has_rust || doctests.contains(&name), "add {name} to the documents in examples/src/lib.rs");
    }
}
