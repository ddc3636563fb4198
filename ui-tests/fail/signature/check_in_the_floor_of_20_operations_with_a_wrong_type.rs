use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected(check = caller.subject().len())]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/1", method = "get")]
    async fn operation1(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/2", method = "get")]
    async fn operation2(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/3", method = "get")]
    async fn operation3(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/4", method = "get")]
    async fn operation4(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/5", method = "get")]
    async fn operation5(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/6", method = "get")]
    async fn operation6(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/7", method = "get")]
    async fn operation7(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/8", method = "get")]
    async fn operation8(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/9", method = "get")]
    async fn operation9(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/10", method = "get")]
    async fn operation10(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/11", method = "get")]
    async fn operation11(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/12", method = "get")]
    async fn operation12(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/13", method = "get")]
    async fn operation13(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/14", method = "get")]
    async fn operation14(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/15", method = "get")]
    async fn operation15(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/16", method = "get")]
    async fn operation16(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/17", method = "get")]
    async fn operation17(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/18", method = "get")]
    async fn operation18(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/19", method = "get")]
    async fn operation19(&self, caller: Principal<Auth>) {}

    #[permission("view")]
    #[oai(path = "/20", method = "get")]
    async fn operation20(&self, caller: Principal<Auth>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
