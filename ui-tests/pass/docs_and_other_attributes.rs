#![deny(warnings)]

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::{OpenApi, param::Query, payload::PlainText};

struct Entries;

/// The documentation of the block.
#[allow(clippy::unused_async)]
#[protected]
#[allow(clippy::needless_pass_by_value)]
#[OpenApi]
#[expect(non_snake_case, reason = "the name of a method below")]
impl Entries {
    /// Lists entries
    ///
    /// All of them, in no order.
    #[deprecated]
    #[tracing::instrument(skip_all)]
    #[permission("view")]
    #[oai(path = "/", method = "get", deprecated)]
    #[must_use]
    async fn listAll(
        &self,
        /// Maximum number of entries.
        #[oai(name = "limit", default = "ten", validator(maximum(value = "100")))]
        count: Query<i64>,
    ) -> PlainText<String> {
        PlainText(count.to_string())
    }

    #[allow(dead_code, unused_variables)]
    #[protected]
    /// Below the attributes.
    #[oai(path = "/count", method = "get")]
    #[inline]
    async fn count(&self, #[allow(unused)] caller: Principal<Auth>) {
        let unused = 1;
    }
}

fn ten() -> i64 {
    10
}

/// A handler with documentation.
#[tracing::instrument]
#[permission("view")]
#[deprecated(note = "not any more")]
#[handler]
async fn hello() -> &'static str {
    "hello"
}

fn main() {
    let service = auth().service(Entries, "Entries", "1.0");
    let document: serde_json::Value = serde_json::from_str(&service.spec()).unwrap();
    let list = &document["paths"]["/"]["get"];
    assert_eq!(list["summary"], "Lists entries");
    assert_eq!(list["deprecated"], true);
    assert_eq!(list["parameters"][0]["name"], "limit");
    assert_eq!(list["parameters"][0]["description"], "Maximum number of entries.");
    assert_eq!(document["paths"]["/count"]["get"]["summary"], "Below the attributes.");
    assert_eq!(status(service, "GET /?limit=3", "alice.Viewer"), 200);
    #[allow(deprecated)]
    let app = Route::new().at("/", get(hello)).with(auth());
    assert_eq!(status(app, "GET /", "alice.Viewer"), 200);
}
