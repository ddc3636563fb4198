//! An example of a JSON schema: the smallest value that it allows, as far as its keywords say.

use serde_json::{Map, Number, Value, json};

/// Maximum depth of nested references. A type that contains itself has an optional member somewhere.
const MAX_DEPTH: usize = 16;

/// A JSON schema with the document that its references point into.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a> {
    keywords: &'a Value,
    document: &'a Value,
    depth: usize,
}

impl<'a> Schema<'a> {
    pub(super) const fn new(keywords: &'a Value, document: &'a Value) -> Self {
        Self { keywords, document, depth: 0 }
    }

    /// Returns an example; nothing if a reference leads nowhere.
    pub(super) fn example(self) -> Option<Value> {
        if let Some(reference) = self.text("$ref") {
            return self
                .document
                .pointer(reference.strip_prefix('#')?)
                .and_then(|schema| self.below(schema)?.example());
        }
        let given = ["example", "default", "const"].into_iter().find_map(|name| self.keywords.get(name));
        if let Some(given) = given.or_else(|| self.keywords.get("enum")?.get(0)) {
            return Some(given.clone());
        }
        if let Some(parts) = self.list("allOf") {
            return self.joined(parts);
        }
        if let Some(choices) = self.list("oneOf").or_else(|| self.list("anyOf")) {
            return choices.iter().find_map(|choice| self.below(choice)?.example());
        }
        match self.kind() {
            "string" => Some(self.string().into()),
            "integer" => Some(self.integer().into()),
            "number" => Number::from_f64(self.number()).map(Value::Number),
            "boolean" => Some(true.into()),
            "null" => Some(Value::Null),
            "array" => self.array(),
            _ => self.object(),
        }
    }

    /// Returns the members of an object schema with their schemas: those that are required.
    fn object(self) -> Option<Value> {
        let mut members = Map::new();
        for name in self.list("required").into_iter().flatten().filter_map(Value::as_str) {
            let schema = self.keywords.get("properties").and_then(|properties| properties.get(name));
            let value = schema.map_or(Some(Value::Null), |schema| self.below(schema)?.example())?;
            members.insert(name.to_owned(), value);
        }
        Some(members.into())
    }

    fn array(self) -> Option<Value> {
        let count = self.length("minItems").unwrap_or(0);
        let Some(items) = self.keywords.get("items").filter(|_| count > 0) else { return Some(json!([])) };
        Some(vec![self.below(items)?.example()?; count].into())
    }

    /// Returns an object with the members of all parts, or the example of the only part that is no object.
    fn joined(self, parts: &[Value]) -> Option<Value> {
        let mut members = Map::new();
        for part in parts {
            match self.below(part)?.example()? {
                Value::Object(own) => members.extend(own),
                other => return Some(other),
            }
        }
        Some(members.into())
    }

    fn string(self) -> String {
        let mut text = match self.text("format").unwrap_or_default() {
            "date-time" => "2030-01-01T00:00:00Z",
            "date" | "naive-date" => "2030-01-01",
            "time" | "naive-time" => "00:00:00",
            "naive-date-time" => "2030-01-01T00:00:00",
            "duration" => "PT1S",
            "uuid" => "00000000-0000-4000-8000-000000000001",
            "email" => "test@example.com",
            "uri" | "url" => "https://example.com/",
            "hostname" => "example.com",
            "ip" | "ipv4" => "192.0.2.1",
            "ipv6" => "2001:db8::1",
            "byte" | "bytes" | "base64" => "dGVzdA==",
            _ => "test",
        }
        .to_owned();
        while self.length("minLength").is_some_and(|least| text.chars().count() < least) {
            text.push('x');
        }
        if let Some(most) = self.length("maxLength") {
            text = text.chars().take(most).collect();
        }
        text
    }

    #[expect(clippy::cast_possible_truncation, reason = "an example of an integer has no fraction")]
    fn integer(self) -> i64 {
        self.number() as i64
    }

    /// Returns the number that is closest to 1.
    fn number(self) -> f64 {
        let bound = |name: &str, exclusive: &str, step: f64| {
            let value = self.keywords.get(name).and_then(Value::as_f64);
            match self.keywords.get(exclusive) {
                // OpenAPI 3.0 has a flag, JSON Schema a number.
                Some(Value::Bool(true)) => value.map(|value| value + step),
                Some(Value::Number(number)) => number.as_f64().map(|number| number + step),
                _ => value,
            }
        };
        let step = self.keywords.get("multipleOf").and_then(Value::as_f64);
        let (least, most) = (bound("minimum", "exclusiveMinimum", 1.0), bound("maximum", "exclusiveMaximum", -1.0));
        let mut number = step.unwrap_or(1.0);
        if let Some(least) = least.filter(|least| *least > number) {
            number = step.map_or(least, |step| (least / step).ceil() * step);
        }
        if let Some(most) = most.filter(|most| *most < number) {
            number = step.map_or(most, |step| (most / step).floor() * step);
        }
        number
    }

    /// Returns the type. JSON Schema may list several.
    fn kind(self) -> &'a str {
        match self.keywords.get("type") {
            Some(Value::String(kind)) => kind,
            Some(Value::Array(kinds)) => kinds.iter().find_map(Value::as_str).unwrap_or_default(),
            _ => "",
        }
    }

    fn below(self, keywords: &'a Value) -> Option<Self> {
        (self.depth < MAX_DEPTH).then_some(Self { keywords, depth: self.depth + 1, ..self })
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.keywords.get(name)?.as_str()
    }

    fn list(self, name: &str) -> Option<&'a [Value]> {
        self.keywords.get(name)?.as_array().map(Vec::as_slice)
    }

    fn length(self, name: &str) -> Option<usize> {
        usize::try_from(self.keywords.get(name)?.as_u64()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Schema;

    fn example(schema: &Value) -> Option<Value> {
        let document = json!({ "components": { "schemas": {
            "Author": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
            "Endless": { "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#/components/schemas/Endless" } } },
        } } });
        Schema::new(schema, &document).example()
    }

    #[test]
    fn required_members_are_made_by_their_schemas() {
        let schema = json!({
            "type": "object",
            "required": ["author", "tags", "state", "id"],
            "properties": {
                "author": { "$ref": "#/components/schemas/Author" },
                "tags": { "type": "array", "minItems": 2, "items": { "type": "string", "minLength": 6 } },
                "state": { "type": "string", "enum": ["draft", "final"] },
                "id": { "type": "string", "format": "uuid" },
                "optional": { "type": "string" },
            },
        });
        let expected = json!({
            "author": { "name": "test" },
            "tags": ["testxx", "testxx"],
            "state": "draft",
            "id": "00000000-0000-4000-8000-000000000001",
        });
        assert_eq!(example(&schema), Some(expected));
    }

    #[test]
    fn numbers_are_within_their_bounds() {
        for (schema, expected) in [
            (json!({ "type": "integer" }), json!(1)),
            (json!({ "type": "integer", "minimum": 5.0 }), json!(5)),
            (json!({ "type": "integer", "minimum": 5.0, "exclusiveMinimum": true }), json!(6)),
            (json!({ "type": "integer", "exclusiveMinimum": 5 }), json!(6)),
            (json!({ "type": "integer", "maximum": 0.0 }), json!(0)),
            (json!({ "type": "integer", "minimum": 7.0, "multipleOf": 5.0 }), json!(10)),
            (json!({ "type": "number", "maximum": 0.5 }), json!(0.5)),
        ] {
            assert_eq!(example(&schema), Some(expected), "{schema}");
        }
    }

    #[test]
    fn choices_and_joined_parts_are_resolved() {
        let parts = json!({ "allOf": [
            { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string", "example": "dog" } } },
            { "$ref": "#/components/schemas/Author" },
        ] });
        assert_eq!(example(&parts), Some(json!({ "kind": "dog", "name": "test" })));
        assert_eq!(
            example(&json!({ "oneOf": [parts, { "type": "null" }] })),
            Some(json!({ "kind": "dog", "name": "test" }))
        );
        assert_eq!(example(&json!({ "type": ["boolean", "null"] })), Some(json!(true)));
        assert_eq!(example(&json!({ "type": "string", "maxLength": 2 })), Some(json!("te")));
    }

    #[test]
    fn a_schema_without_an_end_has_no_example() {
        assert_eq!(example(&json!({ "$ref": "#/components/schemas/Endless" })), None);
        assert_eq!(example(&json!({ "$ref": "#/components/schemas/Absent" })), None);
    }
}
