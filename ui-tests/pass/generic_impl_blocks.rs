use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

trait Store: Clone + Send + Sync {
    fn name(&self) -> String;
}

impl Store for &'static str {
    fn name(&self) -> String {
        (*self).to_owned()
    }
}

struct Entries<'a, S, const N: usize> {
    store: S,
    title: &'a str,
}

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl<S, const N: usize> Entries<'static, S, N>
where
    S: Store + 'static,
{
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list<'this>(&'this self) -> PlainText<String>
    where
        S: 'this,
    {
        PlainText(format!("{} {}", self.store.name(), self.title))
    }

    #[protected(check = *id < N)]
    #[oai(path = "/:id", method = "get")]
    async fn one(&self, Path(id): Path<usize>) -> PlainText<String> {
        PlainText(format!("{id} of {}", self.store.name()))
    }
}

fn main() {
    let app = || auth().service(Entries::<_, 3> { store: "shelf", title: "Books" }, "Entries", "1.0");
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /entries/2", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /entries/3", "alice.Viewer"), 403);
}
