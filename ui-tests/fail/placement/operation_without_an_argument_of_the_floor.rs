use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::{OpenApi, param::Path};

struct Tenants;

#[protected(check("member") = caller.subject() == tenant.as_str())]
#[OpenApi(prefix_path = "/tenants")]
impl Tenants {
    #[permission("view")]
    #[oai(path = "/:tenant", method = "get")]
    async fn show(&self, caller: Principal<Auth>, tenant: Path<String>) {}

    #[permission("view")]
    #[oai(path = "/files", method = "get")]
    async fn files(&self, caller: Principal<Auth>) {}

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) {}
}

fn main() {
    let _ = auth().service(Tenants, "Tenants", "1.0");
}
