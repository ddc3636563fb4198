//! The body of a rejection: problem details, unless the application has its own.

use std::{borrow::Cow, sync::LazyLock};

use serde_json::{Value, json};

use super::RejectionCode;

/// The body of a rejection.
#[derive(Debug, Clone)]
pub struct RejectionBody {
    pub(super) content_type: &'static str,
    pub(super) text: Cow<'static, str>,
}

/// The problem details of each code, in their order: written once, as they are the same for every caller.
static PROBLEMS: LazyLock<Vec<String>> =
    LazyLock::new(|| RejectionCode::ALL.iter().map(|code| problem(*code)).collect());

fn problem(code: RejectionCode) -> String {
    let problem = json!({
        "type": "about:blank",
        "title": code.status().canonical_reason().unwrap_or("Error"),
        "status": code.status().as_u16(),
        "detail": code.detail(),
        "code": code.as_str(),
    });
    problem.to_string()
}

impl RejectionBody {
    /// Returns the problem details of a code.
    pub(super) fn of(code: RejectionCode) -> Self {
        let text = PROBLEMS.get(code as usize).map_or("{}", String::as_str);
        Self { content_type: "application/problem+json", text: text.into() }
    }

    /// Any other JSON.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self { content_type: "application/json; charset=utf-8", text: value.to_string().into() }
    }

    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", text: text.into().into() }
    }

    /// A page.
    #[must_use]
    pub fn html(text: impl Into<String>) -> Self {
        Self { content_type: "text/html; charset=utf-8", text: text.into().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::{PROBLEMS, RejectionCode, problem};

    #[test]
    fn each_code_has_its_own_problem() {
        for code in RejectionCode::ALL {
            assert_eq!(PROBLEMS[code as usize], problem(code));
        }
    }
}
