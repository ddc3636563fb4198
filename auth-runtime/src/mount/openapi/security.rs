//! Security Requirement Objects (OpenAPI 3.0, section 4.7.30): a list of alternatives, each a set of schemes.

use serde_json::{Map, Value};

/// The schemes of one alternative, with the scopes that are asked of each. Without a scheme it stands for an anonymous
/// caller.
pub(super) type Alternative = Map<String, Value>;

/// Returns every alternative of the one list combined with every alternative of the other: a caller needs both.
pub(super) fn both(left: &[Alternative], right: &[Alternative]) -> Vec<Alternative> {
    let mut combined = Vec::new();
    for alternative in left.iter().flat_map(|left| right.iter().map(move |right| merge(left, right))) {
        if !combined.contains(&alternative) {
            combined.push(alternative);
        }
    }
    combined
}

fn merge(left: &Alternative, right: &Alternative) -> Alternative {
    let mut merged = left.clone();
    for (scheme, scopes) in right {
        match merged.get_mut(scheme).and_then(Value::as_array_mut) {
            Some(known) => {
                let scopes = scopes.as_array().into_iter().flatten();
                let new: Vec<Value> = scopes.filter(|scope| !known.contains(scope)).cloned().collect();
                known.extend(new);
            }
            None => {
                merged.insert(scheme.clone(), scopes.clone());
            }
        }
    }
    merged
}

/// Returns whether OpenAPI 3.0 lets a document list scopes for a scheme that is declared like this.
pub(super) fn has_scopes(declared: Option<&Value>) -> bool {
    declared.is_some_and(|scheme| matches!(scheme["type"].as_str(), Some("oauth2" | "openIdConnect")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::both;

    #[test]
    fn every_alternative_is_combined_with_every_other() {
        let list = |value: serde_json::Value| serde_json::from_value::<Vec<super::Alternative>>(value).unwrap();
        let left = list(json!([{ "token": ["a"] }, { "key": [] }, {}]));
        let right = list(json!([{ "login": [] }, { "token": ["b"] }]));
        let expected = list(json!([
            { "token": ["a"], "login": [] },
            { "token": ["a", "b"] },
            { "key": [], "login": [] },
            { "key": [], "token": ["b"] },
            { "login": [] },
            { "token": ["b"] },
        ]));
        assert_eq!(both(&left, &right), expected);
    }
}
