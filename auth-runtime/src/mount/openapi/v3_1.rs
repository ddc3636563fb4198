//! A document as OpenAPI 3.1, whose schemas are JSON Schemas of draft 2020-12 (OpenAPI 3.1.0, section 4.8.24).

use serde_json::{Map, Value, json};

/// Members that hold data of the application.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Turns a document of OpenAPI 3.0 into one of 3.1.
pub(super) fn convert(spec: &mut Value) {
    spec["openapi"] = "3.1.0".into();
    for part in ["paths", "webhooks"] {
        spec.get_mut(part).into_iter().for_each(schemas_below);
    }
    for (name, part) in spec["components"].as_object_mut().into_iter().flatten() {
        match (name.as_str(), part.as_object_mut()) {
            ("schemas", Some(schemas)) => schemas.values_mut().for_each(schema),
            _ => schemas_below(part),
        }
    }
}

/// Converts the schemas of parameters, headers and bodies.
fn schemas_below(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(schemas_below),
        Value::Object(members) => {
            for (name, member) in members.iter_mut().filter(|(name, _)| !DATA.contains(&name.as_str())) {
                if name == "schema" { schema(member) } else { schemas_below(member) }
            }
        }
        _ => {}
    }
}

fn schema(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for (name, member) in members.iter_mut() {
        match (name.as_str(), member) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(schema),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter_mut().for_each(schema),
            ("items" | "additionalProperties" | "not", inner) => schema(inner),
            _ => {}
        }
    }
    exclusive(members, "minimum", "exclusiveMinimum");
    exclusive(members, "maximum", "exclusiveMaximum");
    if let Some(example) = members.shift_remove("example") {
        members.insert("examples".into(), json!([example]));
    }
    if members.shift_remove("nullable") == Some(Value::Bool(true)) {
        nullable(value);
    }
}

/// An exclusive bound is the bound itself, and no flag beside it.
fn exclusive(members: &mut Map<String, Value>, bound: &str, exclusive: &str) {
    let Some(Value::Bool(is_exclusive)) = members.get(exclusive) else { return };
    let limit = if *is_exclusive { members.shift_remove(bound) } else { None };
    match limit {
        Some(limit) => drop(members.insert(exclusive.to_owned(), limit)),
        None => drop(members.shift_remove(exclusive)),
    }
}

/// A value that may be null has the type `null` too.
fn nullable(schema: &mut Value) {
    match schema.get_mut("type") {
        Some(kind) => *kind = json!([kind.take(), "null"]),
        None => *schema = json!({ "anyOf": [schema.take(), { "type": "null" }] }),
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{convert, schema};

    #[test]
    fn each_difference_of_a_schema_is_converted() {
        for (old, new) in [
            (json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] })),
            (json!({ "type": "string", "nullable": false }), json!({ "type": "string" })),
            (
                json!({ "type": "string", "enum": ["a"], "nullable": true }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (
                json!({ "allOf": [{ "$ref": "#/x" }], "nullable": true }),
                json!({ "anyOf": [{ "allOf": [{ "$ref": "#/x" }] }, { "type": "null" }] }),
            ),
            (json!({ "minimum": 1, "exclusiveMinimum": true }), json!({ "exclusiveMinimum": 1 })),
            (json!({ "maximum": 9, "exclusiveMaximum": false }), json!({ "maximum": 9 })),
            (json!({ "example": { "nullable": true } }), json!({ "examples": [{ "nullable": true }] })),
            (
                json!({ "properties": { "nullable": { "type": "string" }, "example": { "items": { "nullable": true, "type": "string" } } } }),
                json!({ "properties": { "nullable": { "type": "string" }, "example": { "items": { "type": ["string", "null"] } } } }),
            ),
            (json!({ "additionalProperties": false }), json!({ "additionalProperties": false })),
        ] {
            let mut converted = old.clone();
            schema(&mut converted);
            assert_eq!(converted, new, "{old}");
        }
    }

    #[test]
    fn schemas_are_converted_wherever_they_stand() {
        let old = json!({ "type": "string", "nullable": true });
        let new = json!({ "type": ["string", "null"] });
        let document = |schema: &Value, version: &str| {
            json!({
                "openapi": version,
                "paths": { "/": { "get": {
                    "parameters": [{ "schema": schema, "example": { "schema": { "nullable": true } } }],
                    "responses": { "200": { "content": { "text/plain": { "schema": schema } } } },
                } } },
                "components": { "schemas": { "Text": schema }, "headers": { "X": { "schema": schema } } },
            })
        };
        let mut converted = document(&old, "3.0.0");
        convert(&mut converted);
        assert_eq!(converted, document(&new, "3.1.0"));
    }
}
