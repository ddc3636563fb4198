//! Removes the schemas and tags of hidden operations from a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const SCHEMAS: &str = "#/components/schemas/";

/// Removes paths without an operation, and the schemas and tags that only the removed operations used.
pub(super) fn prune(spec: &mut Value, removed: &[Map<String, Value>], methods: &[&str]) {
    if removed.is_empty() {
        return;
    }
    let is_used = |item: &Value| methods.iter().any(|method| item.get(method).is_some());
    if let Some(paths) = spec["paths"].as_object_mut() {
        paths.retain(|_, item| is_used(item));
    }
    prune_schemas(spec);
    let used: BTreeSet<String> = operations(spec, methods).flat_map(tags).collect();
    let lost: BTreeSet<String> = removed.iter().flat_map(tags).filter(|tag| !used.contains(tag)).collect();
    if let Some(listed) = spec["tags"].as_array_mut() {
        listed.retain(|tag| tag["name"].as_str().is_none_or(|name| !lost.contains(name)));
    }
}

fn operations<'a>(spec: &'a Value, methods: &'a [&str]) -> impl Iterator<Item = &'a Map<String, Value>> {
    let items = ["paths", "webhooks"].into_iter().filter_map(|part| spec[part].as_object()).flat_map(Map::values);
    items.flat_map(move |item| methods.iter().filter_map(|method| item.get(method)?.as_object()))
}

fn tags(operation: &Map<String, Value>) -> Vec<String> {
    let tags = operation.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
}

/// Keeps the schemas that are reached from the paths and webhooks, directly or through other schemas.
fn prune_schemas(spec: &mut Value) {
    let mut reached = BTreeSet::new();
    let mut found = Vec::new();
    for root in ["paths", "webhooks"] {
        references(&spec[root], &mut found);
    }
    while let Some(name) = found.pop() {
        if reached.insert(name.clone()) {
            references(&spec["components"]["schemas"][&name], &mut found);
        }
    }
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| reached.contains(name));
    }
}

/// Collects the names of the schemas that a value refers to; the mapping of a discriminator has them as plain strings.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(SCHEMAS).map(str::to_owned)),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Object(members) => members.values().for_each(|value| references(value, found)),
        _ => {}
    }
}
