use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Query},
    payload::{Form, Html, Json, PlainText},
};
use serde::Deserialize;

#[derive(Object, Deserialize)]
struct Feedback {
    text: String,
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    stars: u8,
}

struct Feedbacks;

#[protected]
#[OpenApi(prefix_path = "/feedback")]
impl Feedbacks {
    #[protected(check = feedback.stars > 1 || !feedback.text.is_empty())]
    #[oai(path = "/", method = "post")]
    async fn add(&self, Form(feedback): Form<Feedback>) -> PlainText<String> {
        PlainText(feedback.text)
    }

    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        /// How many at most.
        #[oai(default, validator(maximum(value = "100")))]
        limit: Query<u32>,
        #[oai(name = "Accept-Language")] language: Header<Option<String>>,
    ) -> Html<String> {
        Html(format!("{} {:?}", limit.0, language.0))
    }

    #[protected(any(role("Administrator"), check = ids.len() < 3))]
    #[oai(path = "/several", method = "get")]
    async fn several(&self, #[oai(explode = false)] Query(ids): Query<Vec<u32>>) -> Json<Vec<u32>> {
        Json(ids)
    }
}

fn main() {
    let app = || auth().service(Feedbacks, "Feedback", "1.0");
    assert_eq!(status(app(), "GET /feedback?limit=5", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /feedback?limit=500", "alice.Viewer"), 400);
    assert_eq!(status(app(), "GET /feedback?limit=500", "alice."), 403);
    assert_eq!(status(app(), "GET /feedback/several?ids=1,2", "alice."), 200);
    assert_eq!(status(app(), "GET /feedback/several?ids=1,2,3", "alice."), 403);
    assert_eq!(status(app(), "POST /feedback", ""), 401);
}
