//! The layout of all pages: HTML without scripts, with light and dark colors.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use poem::{
    IntoResponse, Response,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// Allows nothing but the one style and forms to the own origin. No other page may frame this one.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    // Visible ASCII.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The address of a page may hold a token, so no request has it as its referrer. With `no-referrer`, browsers would
/// send `Origin: null` with the forms (WHATWG Fetch, "`Origin` header").
static HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// A page in the layout of the sign-in page.
///
/// ```
/// use auth_runtime::session::Page;
/// use poem::IntoResponse;
///
/// let response = Page::new("Entry book", "About").html("<p>Who wrote what.</p>").into_response();
/// assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
/// assert!(response.header("Content-Security-Policy").unwrap().contains("default-src 'none'"));
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    site: String,
    title: String,
    status: StatusCode,
    is_wide: bool,
    body: Markup,
}

impl Page {
    /// Returns an empty page: the name of the site, and the title.
    pub fn new(site: impl Into<String>, title: impl Into<String>) -> Self {
        let body = PreEscaped(String::new());
        Self { site: site.into(), title: title.into(), status: StatusCode::OK, is_wide: false, body }
    }

    /// Sets the content: HTML below the title. Escape text from users.
    #[must_use]
    pub fn html(self, body: impl Into<String>) -> Self {
        Self { body: PreEscaped(body.into()), ..self }
    }

    /// Sets the content.
    pub(crate) fn body(self, body: Markup) -> Self {
        Self { body, ..self }
    }

    /// Makes the page wide enough for a list.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { is_wide: true, ..self }
    }

    /// Sets the status (default: 200).
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn document(&self) -> String {
        let Self { site, title, is_wide, body, status } = self;
        // A screen reader reads the title first.
        let error = if status.is_success() { "" } else { "Error: " };
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (error) (title) " · " (site) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main.wide[*is_wide] {
                        p.site { (site) }
                        div.card {
                            h1 { (title) }
                            (body)
                        }
                    }
                }
            }
        };
        document.into_string()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status).body(self.document());
        for (name, value) in &HEADERS {
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
        response
    }
}

/// Returns an error that a screen reader reads at once, if there is one.
pub(crate) fn alert(text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text {
            p.note.bad role="alert" id="error" { (text) }
        }
    }
}

/// Returns the rule of a new password, which stands between its label and the field.
pub(crate) fn hint(min_len: usize) -> Markup {
    html! { p.hint #rule { "At least " (min_len) " characters. A few words are easy to remember." } }
}

/// Returns a message of success, if there is one.
pub(crate) fn notice(text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text {
            p.note.good role="status" { (text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::IntoResponse;

    use super::{Page, alert};

    #[tokio::test]
    async fn texts_are_escaped_and_the_policy_allows_the_own_style_only() {
        let page = Page::new("<b>Site", "\"Title\" & <i>").body(alert(Some("<script>alert(1)</script>")));
        let mut response = page.into_response();
        let policy = response.header("Content-Security-Policy").unwrap().to_owned();
        assert!(policy.contains("style-src 'sha256-") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let text = response.take_body().into_string().await.unwrap();
        assert!(text.contains("&lt;b&gt;Site") && text.contains("&lt;script&gt;"), "{text}");
        assert!(!text.contains("<script") && !text.contains("<i>") && !text.contains(" style="), "{text}");
    }
}
