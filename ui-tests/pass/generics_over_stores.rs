use std::{future::Future, marker::PhantomData};

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{
    Object, OpenApi,
    param::Path,
    payload::Json,
    types::{ParseFromJSON, ToJSON},
};

trait Store: Send + Sync + 'static {
    type Item: ToJSON + ParseFromJSON + Send + Sync;

    fn get(&self, id: u64) -> impl Future<Output = Option<Self::Item>> + Send;
    fn is_open(&self) -> bool;
}

#[derive(Object, Clone)]
struct Book {
    title: String,
}

struct Shelf(bool);

impl Store for Shelf {
    type Item = Book;

    async fn get(&self, id: u64) -> Option<Book> {
        (id < 2).then(|| Book { title: id.to_string() })
    }

    fn is_open(&self) -> bool {
        self.0
    }
}

struct Resource<S, T = ()> {
    store: S,
    about: PhantomData<fn() -> T>,
}

#[protected(check("open") = self.store.is_open())]
#[OpenApi]
impl<S: Store, T: Send + Sync + 'static> Resource<S, T> {
    #[permission("view")]
    #[oai(path = "/items/:id", method = "get")]
    async fn get(&self, id: Path<u64>) -> poem::Result<Json<S::Item>> {
        self.store.get(id.0).await.map(Json).ok_or_else(|| poem::error::NotFoundError.into())
    }
}

fn main() {
    let app = |open| auth().service(Resource::<_, u8> { store: Shelf(open), about: PhantomData }, "Items", "1.0");
    assert_eq!(status(app(true), "GET /items/1", "alice.Viewer"), 200);
    assert_eq!(status(app(true), "GET /items/2", "alice.Viewer"), 404);
    assert_eq!(status(app(false), "GET /items/1", "alice.Viewer"), 403);
}
