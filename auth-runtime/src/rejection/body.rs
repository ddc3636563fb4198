//! The body of a rejection: problem details, unless the application has its own.

use serde_json::{Value, json};

use super::Rejection;

/// The body of a rejection.
#[derive(Debug, Clone)]
pub struct RejectionBody {
    pub(super) content_type: &'static str,
    pub(super) text: String,
}

impl RejectionBody {
    /// Problem details (RFC 9457), with the stable `code`.
    #[must_use]
    pub fn problem(rejection: &Rejection) -> Self {
        let code = rejection.code;
        let problem = json!({
            "type": "about:blank",
            "title": code.status().canonical_reason().unwrap_or("Error"),
            "status": code.status().as_u16(),
            "detail": code.detail(),
            "code": code.as_str(),
        });
        Self { content_type: "application/problem+json", text: problem.to_string() }
    }

    /// Any other JSON.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self { content_type: "application/json; charset=utf-8", text: value.to_string() }
    }

    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", text: text.into() }
    }

    /// A page.
    #[must_use]
    pub fn html(text: impl Into<String>) -> Self {
        Self { content_type: "text/html; charset=utf-8", text: text.into() }
    }
}
