use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{Endpoint, EndpointExt, Error, IntoResponse};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::Query,
    payload::{Binary, PlainText},
};

#[derive(Tags)]
enum Tag {
    Reading,
}

#[derive(ApiResponse)]
#[oai(bad_request_handler = "bad_request")]
enum Answer {
    #[oai(status = 200)]
    Entry(PlainText<String>),
    #[oai(status = 422)]
    Unreadable(PlainText<String>),
}

fn bad_request(error: Error) -> Answer {
    Answer::Unreadable(PlainText(error.to_string()))
}

fn with_header(endpoint: impl Endpoint) -> impl Endpoint {
    endpoint
        .map_to_response()
        .after(|response| async move { response.map(|response| response.with_header("x-shelf", "1").into_response()) })
}

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries", tag = "Tag::Reading", response_header(name = "x-all", ty = "String"))]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get", method = "post", transform = "with_header")]
    async fn list(&self, limit: Query<i64>) -> Answer {
        Answer::Entry(PlainText(limit.to_string()))
    }

    #[permission("edit")]
    #[oai(path = "/", method = "delete", hidden)]
    async fn clear(&self) {}

    #[permission("view")]
    #[oai(path = "/raw", method = "get", operation_id = "rawEntries", actual_type = "PlainText<String>")]
    async fn raw(&self) -> Binary<&'static str> {
        Binary("raw")
    }
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    let document: serde_json::Value = serde_json::from_str(&app().spec()).unwrap();
    assert_eq!(document["paths"]["/entries/raw"]["get"]["operationId"], "rawEntries");
    assert_eq!(document["paths"]["/entries"]["get"]["tags"][0], "Reading");
    assert!(document["paths"]["/entries"]["delete"].is_null());
    assert!(
        document["paths"]["/entries/raw"]["get"]["responses"]["200"]["content"]["text/plain; charset=utf-8"]
            .is_object()
    );
    for request in ["GET /entries?limit=1", "POST /entries?limit=1", "GET /entries/raw"] {
        assert_eq!(status(app(), request, "alice.Viewer"), 200, "{request}");
        assert_eq!(status(app(), request, ""), 401, "{request}");
    }
    assert_eq!(status(app(), "GET /entries?limit=x", "alice.Viewer"), 422);
    assert_eq!(status(app(), "GET /entries?limit=x", ""), 401);
    assert_eq!(status(app(), "DELETE /entries", "alice.Viewer"), 403);
}
