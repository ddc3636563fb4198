use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{Object, OpenApi, payload::EventStream, param::Query};
use futures_util::stream::{BoxStream, StreamExt, iter};

#[derive(Object)]
struct Price {
    cents: u32,
}

struct Prices;

#[protected]
#[OpenApi(prefix_path = "/prices")]
impl Prices {
    #[protected(permission("view"), check = *count <= 3)]
    #[oai(path = "/", method = "get")]
    async fn follow(&self, Query(count): Query<u32>) -> EventStream<BoxStream<'static, Price>> {
        EventStream::new(iter((0..count).map(|cents| Price { cents })).boxed())
    }
}

fn main() {
    let app = || auth().service(Prices, "Prices", "1.0");
    assert_eq!(status(app(), "GET /prices?count=2", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /prices?count=4", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /prices?count=2", ""), 401);
}
