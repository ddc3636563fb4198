use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, Permission, Role, auth, status};
use poem_openapi::{Object, OpenApi, param::Path, payload::Json};

macro_rules! crud {
    ($api:ident: $item:ident at $path:literal, read = $read:literal, write = $write:path, $(#[$delete:meta])* delete) => {
        struct $api;

        #[protected]
        #[OpenApi(prefix_path = $path)]
        impl $api {
            #[permission($read)]
            #[oai(path = "/:id", method = "get")]
            async fn show(&self, id: Path<u64>) -> Json<$item> {
                Json($item { id: id.0 })
            }

            #[permission($write)]
            #[oai(path = "/", method = "post")]
            async fn add(&self, item: Json<$item>) -> Json<$item> {
                item
            }

            $(#[$delete])*
            #[oai(path = "/:id", method = "delete")]
            async fn delete(&self, caller: Principal<Auth>, id: Path<u64>) -> Json<$item> {
                let _ = caller;
                Json($item { id: id.0 })
            }
        }
    };
}

#[derive(Object)]
struct Book {
    id: u64,
}

#[derive(Object)]
struct Film {
    id: u64,
}

crud!(Books: Book at "/books", read = "view", write = Permission::Edit, #[protected(role(Role::Administrator))] delete);
crud!(Films: Film at "/films", read = "view", write = Permission::Edit,
    #[permission("edit")]
    #[protected(not(scheme("key")))]
    delete);

fn main() {
    let app = || auth().service((Books, Films), "Library", "1.0");
    assert_eq!(status(app(), "GET /books/1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "POST /books", "alice.Viewer"), 403);
    assert_eq!(status(app(), "DELETE /books/1", "alice.Viewer"), 403);
    assert_eq!(status(app(), "DELETE /books/1", "alice.Administrator"), 200);
    assert_eq!(status(app(), "DELETE /films/1", "alice.Viewer"), 403);
    assert_eq!(status(app(), "DELETE /films/1", "alice.Administrator"), 200);
}
