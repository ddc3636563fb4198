//! Imports point one way: no two modules of a crate import each other.
//!
//! The test reads the `use` declarations and the paths of each file, outside of tests. A name that a module re-exports
//! counts for the module that defines it, so a parent may collect the names of its children.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Item, ItemUse, UseTree,
    visit::{self, Visit},
};

/// A path of segments that starts at the root of a crate.
type ModulePath = Vec<String>;

/// One module: the names that it re-exports, and the paths that it imports.
#[derive(Default)]
struct Module {
    reexports: BTreeMap<String, ModulePath>,
    imports: Vec<ModulePath>,
}

#[test]
fn no_modules_of_a_crate_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cycles = Vec::new();
    for name in ["auth-runtime", "auth-store", "auth-ldap", "auth-admin", "auth-macros"] {
        let source = root.join(name).join("src");
        if source.exists() {
            cycles.extend(cycles_of(&modules(&source)).into_iter().map(|cycle| format!("{name}: {cycle}")));
        }
    }
    assert!(cycles.is_empty(), "modules that import each other:\n{}", cycles.join("\n"));
}

#[test]
fn a_cycle_is_found_through_a_reexport() {
    let mut modules = BTreeMap::new();
    for (path, text) in [
        (vec![], "mod a; mod b;"),
        (vec!["a"], "mod inner; pub use self::inner::Inner; use crate::b::B;"),
        (vec!["a", "inner"], "pub struct Inner;"),
        (vec!["b"], "use crate::a::Inner; pub struct B;"),
    ] {
        let path: ModulePath = path.into_iter().map(str::to_owned).collect();
        read(&path, &syn::parse_file(text).unwrap().items, &mut modules);
    }
    assert!(cycles_of(&modules).is_empty());
    let inner = vec!["a".to_owned(), "inner".to_owned()];
    read(&inner, &syn::parse_file("use crate::b::B; pub struct Inner;").unwrap().items, &mut modules);
    assert_eq!(cycles_of(&modules), ["a::inner, b"]);
}

/// Returns every module below a folder of sources.
fn modules(source: &Path) -> BTreeMap<ModulePath, Module> {
    let mut modules = BTreeMap::new();
    for file in files(source) {
        let relative = file.strip_prefix(source).unwrap().with_extension("");
        let mut path: ModulePath = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            path.pop();
        }
        // Files of tests are modules whose declaration has `#[cfg(test)]`.
        if !path.iter().any(|part| part == "tests" || part == "fake" || part == "loopback") {
            let text = fs::read_to_string(&file).unwrap();
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            read(&path, &parsed.items, &mut modules);
        }
    }
    modules
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads the items of a module, and of the modules that stand in it.
fn read(path: &ModulePath, items: &[Item], modules: &mut BTreeMap<ModulePath, Module>) {
    let mut reader = Reader { path, module: Module::default(), used: BTreeSet::new(), inner: Vec::new() };
    for item in items {
        reader.visit_item(item);
    }
    let Reader { mut module, used, inner, .. } = reader;
    // A name that a parent re-exports and also uses is an import.
    let own = module.reexports.iter().filter(|(name, _)| used.contains(*name)).map(|(_, path)| path.clone());
    module.imports.extend(own);
    let known = modules.entry(path.clone()).or_default();
    known.reexports.extend(module.reexports);
    known.imports.extend(module.imports);
    for (name, items) in inner {
        let mut path = path.clone();
        path.push(name);
        read(&path, &items, modules);
    }
}

struct Reader<'a> {
    path: &'a ModulePath,
    module: Module,
    /// First segments of the paths outside of `use`.
    used: BTreeSet<String>,
    inner: Vec<(String, Vec<Item>)>,
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if is_test(&module.attrs) => {}
            Item::Mod(module) => {
                let items = module.content.as_ref().map(|(_, items)| items.clone());
                self.inner.extend(items.map(|items| (module.ident.to_string(), items)));
            }
            Item::Fn(function) if is_test(&function.attrs) => {}
            Item::Impl(block) if is_test(&block.attrs) => {}
            Item::Use(declaration) if is_test(&declaration.attrs) => {}
            Item::Use(declaration) => self.read_use(declaration),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.segments.len() > 1 && matches!(segments[0].as_str(), "crate" | "super" | "self") {
            self.module.imports.extend(self.absolute(&segments));
        }
        self.used.extend(segments.into_iter().next());
        visit::visit_path(self, path);
    }
}

impl Reader<'_> {
    fn read_use(&mut self, declaration: &ItemUse) {
        let mut leaves = Vec::new();
        flatten(&declaration.tree, &mut Vec::new(), &mut leaves);
        let is_private = matches!(declaration.vis, syn::Visibility::Inherited);
        for (leaf, name) in leaves {
            let Some(path) = self.absolute(&leaf) else { continue };
            let is_own = path.starts_with(self.path);
            self.module.reexports.insert(name, path.clone());
            // A re-export from a child is not an import.
            if is_private || !is_own {
                self.module.imports.push(path);
            }
        }
    }

    /// Returns a path from the root of the crate, or `None` for the path of another crate.
    fn absolute(&self, segments: &[String]) -> Option<ModulePath> {
        let mut path = self.path.clone();
        let mut rest = segments;
        match rest.first()?.as_str() {
            "crate" => path.clear(),
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    path.pop();
                    rest = &rest[1..];
                }
                path.extend_from_slice(rest);
                return Some(path);
            }
            "self" => {}
            // A child by its name alone, or another crate: the look-up distinguishes them.
            _ => {
                path.extend_from_slice(rest);
                return Some(path);
            }
        }
        path.extend_from_slice(&rest[1..]);
        Some(path)
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = match &attribute.meta {
            syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string(),
            syn::Meta::Path(path) if path.is_ident("test") => return true,
            _ => return false,
        };
        text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test" || word == "doc")
    })
}

fn flatten(tree: &UseTree, prefix: &mut Vec<String>, leaves: &mut Vec<(ModulePath, String)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, leaves);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, leaves)),
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((prefix.clone(), prefix.last().cloned().unwrap_or_default()));
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            leaves.push(([prefix.as_slice(), std::slice::from_ref(&name)].concat(), name));
        }
        UseTree::Rename(rename) => {
            let path = [prefix.as_slice(), &[rename.ident.to_string()]].concat();
            leaves.push((path, rename.rename.to_string()));
        }
        UseTree::Glob(_) => leaves.push((prefix.clone(), String::from("*"))),
    }
}

/// Returns the module that defines the item of a path.
fn definer(path: &[String], modules: &BTreeMap<ModulePath, Module>, depth: usize) -> Option<ModulePath> {
    let longest = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
    let (module, rest) = path.split_at(longest);
    let followed = rest.first().and_then(|name| modules[module].reexports.get(name));
    match followed {
        Some(target) if depth < 16 && target != path => {
            let target = [target.as_slice(), &rest[1..]].concat();
            definer(&target, modules, depth + 1)
        }
        _ => Some(module.to_vec()),
    }
}

/// Returns each group of modules that import each other.
fn cycles_of(modules: &BTreeMap<ModulePath, Module>) -> Vec<String> {
    let mut edges: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = BTreeMap::new();
    for (path, module) in modules {
        let targets = module.imports.iter().filter_map(|import| definer(import, modules, 0));
        // Skip the root, because it re-exports, and the paths of other crates.
        let targets = targets.filter(|target| target != path && !target.is_empty());
        edges.entry(path).or_default().extend(targets);
    }
    let reached: BTreeMap<_, _> = edges.keys().map(|path| (*path, reachable(path, &edges))).collect();
    let mut groups = BTreeSet::new();
    for (path, targets) in &reached {
        if targets.contains(*path) {
            let group: Vec<_> =
                reached.iter().filter(|(other, back)| targets.contains(**other) && back.contains(*path)).collect();
            groups.insert(group.iter().map(|(path, _)| path.join("::")).collect::<Vec<_>>().join(", "));
        }
    }
    groups.into_iter().collect()
}

fn reachable(from: &ModulePath, edges: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>) -> BTreeSet<ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&ModulePath> = vec![from];
    while let Some(next) = open.pop() {
        for target in edges.get(next).into_iter().flatten() {
            if reached.insert(target.clone()) {
                open.push(target);
            }
        }
    }
    reached
}
