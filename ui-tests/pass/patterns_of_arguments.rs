use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, handler, web};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::{Json, PlainText},
};
use serde::Deserialize;

#[derive(Object, Deserialize)]
struct Entry {
    owner: String,
    title: String,
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = *id > 0 && count.is_some_and(|count| count < 10))]
    #[oai(path = "/:id", method = "get")]
    async fn one(
        &self,
        _: Principal<Auth>,
        Path(mut id): Path<i64>,
        mut count: Query<Option<i64>>,
    ) -> PlainText<String> {
        id += 1;
        count.0 = None;
        PlainText(format!("{id} {:?}", count.0))
    }

    #[protected(check = owner == caller.subject() && !title.is_empty())]
    #[oai(path = "/", method = "post")]
    async fn add(&self, caller: Principal<Auth>, Json(Entry { owner, mut title }): Json<Entry>) -> PlainText<String> {
        title.push('!');
        PlainText(format!("{owner} {title} {}", caller.subject()))
    }
}

#[protected(check = *id != 0 && title.len() + rest.len() < 20)]
#[handler]
async fn write(
    web::Path((id, ref title)): web::Path<(u32, String)>,
    web::Query(rest @ Entry { .. }): web::Query<Entry>,
) -> String {
    format!("{id} {title} {}", rest.owner)
}

impl Entry {
    fn len(&self) -> usize {
        self.title.len()
    }
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /1?count=3", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /0?count=3", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /1", "alice.Viewer"), 403);
    assert_eq!(status(app(), "POST /", "alice.Viewer"), 415);
    let app = || Route::new().at("/:id/:title", write).with(auth());
    assert_eq!(status(app(), "GET /1/x?owner=alice&title=y", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /0/x?owner=alice&title=y", "alice.Viewer"), 403);
}
