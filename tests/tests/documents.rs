//! Links between the documents lead to files and headings that exist. The book has each of its pages and examples.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The examples of one file, with their maximum number of lines.
const EXAMPLES: [(&str, usize); 7] =
    [("account", 60), ("hello", 33), ("jwt", 80), ("ldap", 70), ("ownership", 80), ("roles", 80), ("store", 80)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
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

/// Returns the links of a text to files and headings.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).map(|target| target.split_once('#').unwrap_or((target, "")))
}

/// Returns whether a page has a heading with this anchor.
fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line.trim_start_matches('#')) == anchor)
}

/// Returns the anchor of a heading, as mdBook and GitHub make it.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Returns the files that a page of the book includes.
fn includes(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let paths = text.split("{{#include ").skip(1).filter_map(|rest| rest.split_once("}}"));
    paths.map(|(path, _)| page.parent().unwrap().join(path)).collect()
}

/// Returns a text without its blocks that consist of one included file.
fn without_includes(text: &str) -> String {
    let mut parts = text.split("```rust,ignore\n{{#include ");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once("}}\n```\n").expect("a block with one include").1)
}

#[test]
fn each_link_leads_to_a_file_and_a_heading() {
    let names = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "llms.txt", "docs/src/SUMMARY.md"];
    let mut broken = Vec::new();
    for document in names.map(|name| root().join(name)).into_iter().chain(pages()) {
        let text = fs::read_to_string(&document).unwrap();
        for (file, anchor) in links(&text) {
            let target = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            if !target.exists() || !(anchor.is_empty() || has_heading(&target, anchor)) {
                broken.push(format!("{}: {file}#{anchor}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_page_is_in_the_summary() {
    let summary = read("docs/src/SUMMARY.md");
    let source = root().join("docs/src");
    for page in pages() {
        let name = page.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        assert!(summary.contains(&format!("({name})")), "{name} is not in the summary");
    }
}

/// The examples compile the Rust blocks of all pages as doctests. An included file is compiled where it stands.
#[test]
fn each_page_with_rust_is_compiled() {
    let doctests = read("examples/src/lib.rs");
    for page in pages() {
        let name = page.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let text = without_includes(&fs::read_to_string(&page).unwrap());
        assert!(!text.contains("ignore\n"), "{name}: a block is not compiled");
        assert!(!text.contains("```rust") || doctests.contains(&name), "add {name} to the list in examples/src/lib.rs");
    }
}

#[test]
fn each_small_example_is_short_and_in_the_book_whole() {
    let included: Vec<_> = pages().iter().flat_map(|page| includes(page)).collect();
    let included: Vec<_> = included.iter().map(|path| path.canonicalize().expect("an included file")).collect();
    for (name, most) in EXAMPLES {
        let path = root().join(format!("examples/src/bin/{name}.rs"));
        let lines = read(&path).lines().count();
        assert!(lines <= most, "{name} has {lines} lines");
        assert!(included.contains(&path.canonicalize().unwrap()), "{name} is not in the book");
    }
}

#[test]
fn the_readme_has_the_smallest_example() {
    let hello = read("examples/src/bin/hello.rs");
    let (_, service) = hello.split_once("\n\n").unwrap();
    assert!(read("README.md").contains(&format!("```rust,no_run\n{service}```\n")));
}

#[test]
fn the_readme_is_short_and_quotes_the_compiler() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200);
    for case in ["placement/operation_without_a_rule", "name/permission_as_string"] {
        let message = read(format!("ui-tests/fail/{case}.stderr"));
        assert!(readme.contains(&format!("```text\n{message}```\n")), "{case}");
    }
}

/// The tutorial counts the lines that a reader adds to the tables and the operations of the steps before.
#[test]
fn the_tutorial_signs_a_browser_in_with_ten_lines() {
    let page = read("docs/src/tutorial/7-browsers.md");
    assert!(page.contains("ten lines are enough"));
    let (_, block) = page.split_once("```rust\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let is_hidden = |line: &str| line == "#" || line.starts_with("# ");
    let is_frame = |line: &str| {
        ["use ", "//", "fn ", "async fn ", "}", "#[auth("].iter().any(|start| line.starts_with(start))
            || line.is_empty()
    };
    let lines: Vec<_> = block.lines().filter(|line| !is_hidden(line) && !is_frame(line.trim())).collect();
    assert_eq!(lines.len(), 10, "{lines:#?}");
}

/// Returns the features of a crate that users choose.
fn features(manifest: &str) -> Vec<String> {
    let (_, features) = manifest.split_once("[features]\n").unwrap();
    let names = features.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    names.map(|(name, _)| name.to_owned()).filter(|name| name != "default" && !name.starts_with(['_', ' '])).collect()
}

#[test]
fn each_feature_is_in_the_reference() {
    let reference = read("docs/src/reference/features.md");
    for (name, pages) in
        [("auth-runtime", &[&reference, &read("auth-runtime/src/lib.rs")][..]), ("auth-store", &[&reference])]
    {
        let features = features(&read(format!("{name}/Cargo.toml")));
        assert!(!features.is_empty());
        for feature in features {
            assert!(pages.iter().all(|page| page.contains(&format!("`{feature}`"))), "{name}: {feature}");
        }
    }
}
