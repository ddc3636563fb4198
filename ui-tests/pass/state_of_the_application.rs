use std::{collections::HashMap, sync::{Arc, Mutex}};

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

/// Stands for a pool of connections.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<HashMap<u64, String>>>);

impl Pool {
    async fn owner(&self, id: u64) -> Option<String> {
        self.0.lock().unwrap().get(&id).cloned()
    }
}

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    #[protected(check("the owner") = async { pool.owner(*id).await.as_deref() == Some(caller.subject()) })]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, pool: Data<&Pool>, caller: Principal<Auth>, Path(id): Path<u64>) -> PlainText<String> {
        PlainText(pool.owner(id).await.unwrap_or_else(|| caller.subject().to_owned()))
    }

    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, Data(pool): Data<&Pool>, request: &poem::Request) -> PlainText<String> {
        PlainText(format!("{} {}", pool.0.lock().unwrap().len(), request.uri()))
    }
}

fn main() {
    let pool = Pool(Arc::new(Mutex::new(HashMap::from([(1, "alice".to_owned())]))));
    let app = || poem::Route::new().nest("/", auth().service(Entries, "Entries", "1.0")).data(pool.clone());
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /entries/1", "alice."), 200);
    assert_eq!(status(app(), "GET /entries/1", "bob."), 403);
}
