//! The value that a `claim` clause asks for.

/// The value that a `claim` clause asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimValue {
    /// A string. A claim that is an array of strings has it if one of them is equal.
    Text(&'static str),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
}

impl ClaimValue {
    /// Whether a claim of the caller has this value. A claim of another type has not.
    #[must_use]
    pub fn is_in(&self, claim: &serde_json::Value) -> bool {
        match self {
            Self::Text(text) => {
                claim.as_str() == Some(text)
                    || claim.as_array().is_some_and(|list| list.iter().any(|item| item.as_str() == Some(text)))
            }
            Self::Bool(value) => claim.as_bool() == Some(*value),
            Self::Integer(number) => claim.as_i64() == Some(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ClaimValue;

    #[test]
    fn a_claim_of_another_type_does_not_have_the_value() {
        let acme = ClaimValue::Text("acme");
        assert!(acme.is_in(&json!("acme")) && acme.is_in(&json!(["other", "acme"])));
        for claim in
            [json!("acme "), json!("Acme"), json!(["other"]), json!([["acme"]]), json!({"acme": true}), json!(null)]
        {
            assert!(!acme.is_in(&claim), "{claim}");
        }
        assert!(ClaimValue::Bool(true).is_in(&json!(true)));
        for claim in [json!("true"), json!(1), json!(false), json!([true])] {
            assert!(!ClaimValue::Bool(true).is_in(&claim), "{claim}");
        }
        assert!(ClaimValue::Integer(2).is_in(&json!(2)));
        for claim in [json!("2"), json!(2.5), json!(3), json!([2])] {
            assert!(!ClaimValue::Integer(2).is_in(&claim), "{claim}");
        }
    }
}
