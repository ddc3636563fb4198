//! The pages show the code that is tested here.

use std::{fs, path::Path};

/// Returns the Rust blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```rust\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

#[test]
fn each_page_shows_a_recipe_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = 0;
    for entry in fs::read_dir(root.join("../docs/src/how-to/issuers")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().replace('-', "_");
        if name == "index" {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        let tests = fs::read_to_string(root.join(format!("tests/it/issuers/{name}.rs"))).unwrap();
        assert!(!blocks(&page).is_empty(), "{name} shows no recipe");
        for block in blocks(&page) {
            // The imports of a page are those of its code alone.
            let (_, code) = block.split_once("\n\n").unwrap();
            assert!(tests.contains(code), "{name}: the code of the page is not that of the test:\n{code}");
        }
        assert!(page.contains("**Tried:**"), "{name} does not say how far it was tried");
        pages += 1;
    }
    assert!(pages >= 16, "{pages}");
}
