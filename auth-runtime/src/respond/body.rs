//! The body of a rejection: problem details, or the application's own.

use std::{borrow::Cow, sync::LazyLock};

use serde_json::Value;

use super::{RejectionCode, problem::problem};

/// The body of a rejection.
#[derive(Debug, Clone)]
pub struct RejectionBody {
    pub(super) content_type: &'static str,
    pub(super) text: Cow<'static, str>,
}

/// Problem details of each code, in the order of the codes. They are the same for every caller, so they are written
/// once.
static PROBLEMS: LazyLock<Vec<String>> =
    LazyLock::new(|| RejectionCode::ALL.iter().map(|code| problem_of(*code)).collect());

fn problem_of(code: RejectionCode) -> String {
    problem(code.status(), code.as_str(), code.detail()).to_string()
}

impl RejectionBody {
    /// Returns the problem details of a code.
    pub(super) fn of(code: RejectionCode) -> Self {
        let text = PROBLEMS.get(code as usize).map_or("{}", String::as_str);
        Self { content_type: "application/problem+json", text: text.into() }
    }

    /// Returns a JSON body.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self { content_type: "application/json; charset=utf-8", text: value.to_string().into() }
    }

    /// Returns a plain text body.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", text: text.into().into() }
    }

    /// Returns an HTML page.
    #[must_use]
    pub fn html(text: impl Into<String>) -> Self {
        Self { content_type: "text/html; charset=utf-8", text: text.into().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::{PROBLEMS, RejectionCode, problem_of};

    #[test]
    fn each_code_has_its_own_problem() {
        for code in RejectionCode::ALL {
            assert_eq!(PROBLEMS[code as usize], problem_of(code));
        }
    }
}
