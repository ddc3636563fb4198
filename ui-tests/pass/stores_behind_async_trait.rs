use std::{collections::HashMap, io, sync::Arc};

use async_trait::async_trait;
use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

#[async_trait]
trait Store: Send + Sync {
    async fn owner(&self, id: u64) -> io::Result<Option<String>>;
}

#[async_trait]
impl Store for HashMap<u64, String> {
    async fn owner(&self, id: u64) -> io::Result<Option<String>> {
        Ok(self.get(&id).cloned())
    }
}

#[derive(Clone)]
struct Entries {
    store: Arc<dyn Store>,
}

impl Entries {
    /// An entry that does not exist has no owner, and a store that fails is not a no.
    async fn owns(&self, caller: &Principal<Auth>, id: u64) -> io::Result<bool> {
        Ok(self.store.owner(id).await?.as_deref() == Some(caller.subject()))
    }
}

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    #[protected(any(role("Administrator"), check("the owner") = self.owns(&caller, *id)))]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, caller: Principal<Auth>, Path(id): Path<u64>) -> PlainText<String> {
        PlainText(format!("{id} of {}", caller.subject()))
    }
}

fn main() {
    let store = Arc::new(HashMap::from([(1, "alice".to_owned())]));
    let app = || auth().service(Entries { store: store.clone() }, "Entries", "1.0");
    assert_eq!(status(app(), "GET /entries/1", "alice."), 200);
    assert_eq!(status(app(), "GET /entries/2", "alice."), 403);
    assert_eq!(status(app(), "GET /entries/2", "root.Administrator"), 200);
}
