use auth_runtime::prelude::*;
use poem_openapi::OpenApi;

pub mod access {
    use auth_runtime::prelude::*;

    #[derive(Auth, Clone)]
    pub struct Auth {
        #[scheme(basic)]
        password: auth_ui_tests::Passwords,
    }
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/1", method = "get")]
    async fn get_1(&self) {}

    #[permission("view")]
    #[oai(path = "/2", method = "get")]
    async fn get_2(&self) {}

    #[permission("view")]
    #[oai(path = "/3", method = "get")]
    async fn get_3(&self) {}

    #[permission("view")]
    #[oai(path = "/4", method = "get")]
    async fn get_4(&self) {}

    #[permission("view")]
    #[oai(path = "/5", method = "get")]
    async fn get_5(&self) {}

    #[permission("view")]
    #[oai(path = "/6", method = "get")]
    async fn get_6(&self) {}

    #[permission("view")]
    #[oai(path = "/7", method = "get")]
    async fn get_7(&self) {}

    #[permission("view")]
    #[oai(path = "/8", method = "get")]
    async fn get_8(&self) {}

    #[permission("view")]
    #[oai(path = "/9", method = "get")]
    async fn get_9(&self) {}

    #[permission("view")]
    #[oai(path = "/10", method = "get")]
    async fn get_10(&self) {}

    #[permission("view")]
    #[oai(path = "/11", method = "get")]
    async fn get_11(&self) {}

    #[permission("view")]
    #[oai(path = "/12", method = "get")]
    async fn get_12(&self) {}

    #[permission("view")]
    #[oai(path = "/13", method = "get")]
    async fn get_13(&self) {}

    #[permission("view")]
    #[oai(path = "/14", method = "get")]
    async fn get_14(&self) {}

    #[permission("view")]
    #[oai(path = "/15", method = "get")]
    async fn get_15(&self) {}

    #[permission("view")]
    #[oai(path = "/16", method = "get")]
    async fn get_16(&self) {}

    #[permission("view")]
    #[oai(path = "/17", method = "get")]
    async fn get_17(&self) {}

    #[permission("view")]
    #[oai(path = "/18", method = "get")]
    async fn get_18(&self) {}

    #[permission("view")]
    #[oai(path = "/19", method = "get")]
    async fn get_19(&self) {}

    #[permission("view")]
    #[oai(path = "/20", method = "get")]
    async fn get_20(&self) {}
}

fn main() {}
