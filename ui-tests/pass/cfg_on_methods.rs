use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::OpenApi;

struct Entries {
    name: String,
}

#[protected]
#[OpenApi]
impl Entries {
    /// The compiler keeps one of two methods with one name.
    #[cfg(all())]
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[cfg(any())]
    #[permission("no such permission")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, missing: NoSuchType) {}

    // A method that `cfg` removes needs no rule.
    #[cfg(any())]
    #[oai(path = "/open", method = "get")]
    async fn open(&self) {}

    #[cfg(not(any()))]
    #[cfg(all())]
    #[protected(check = self.name == "shelf" && caller.subject() == "alice")]
    #[oai(path = "/mine", method = "get")]
    async fn mine(&self, caller: Principal<Auth>) -> poem_openapi::payload::PlainText<String> {
        poem_openapi::payload::PlainText(self.name.clone())
    }
}

fn main() {
    let app = || auth().service(Entries { name: "shelf".to_owned() }, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /open", "alice.Viewer"), 404);
    assert_eq!(status(app(), "GET /mine", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /mine", "bob.Viewer"), 403);
}
