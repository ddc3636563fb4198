use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::Route;
use poem_openapi::{Object, OpenApi, param::Path, payload::Json};

#[derive(Object)]
struct Book {
    id: u64,
    title: String,
}

mod v1 {
    use super::*;

    pub struct Books;

    #[protected]
    #[OpenApi(prefix_path = "/books")]
    impl Books {
        /// Shows a book.
        #[permission("view")]
        #[oai(path = "/:id", method = "get", deprecated)]
        async fn show(&self, id: Path<u64>) -> Json<Book> {
            Json(Book { id: id.0, title: "v1".into() })
        }
    }
}

mod v2 {
    use super::*;

    pub struct Books;

    #[protected(permission("view"))]
    #[OpenApi(prefix_path = "/books")]
    impl Books {
        /// Shows a book to its readers.
        #[protected(role("Administrator"))]
        #[oai(path = "/:id", method = "get")]
        async fn show(&self, id: Path<u64>) -> Json<Book> {
            Json(Book { id: id.0, title: "v2".into() })
        }
    }
}

fn main() {
    let app = || {
        Route::new()
            .nest("/v1", auth().service(v1::Books, "Books", "1.0"))
            .nest("/v2", auth().service(v2::Books, "Books", "2.0"))
    };
    assert_eq!(status(app(), "GET /v1/books/1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /v2/books/1", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /v2/books/1", "alice.Administrator"), 200);
}
