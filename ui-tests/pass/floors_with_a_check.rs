use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{OpenApi, param::{Path, Query}, payload::PlainText};

struct Tenants {
    of_all: &'static str,
}

#[protected(
    check("member of the tenant") = [self.of_all, caller.subject()].iter().any(|name| name == tenant),
    not(role("Viewer")),
)]
#[OpenApi(prefix_path = "/tenants")]
impl Tenants {
    /// The pattern binds the name that the check reads.
    #[protected]
    #[oai(path = "/:tenant", method = "get")]
    async fn show(&self, caller: Principal<Auth>, Path(tenant): Path<String>) -> PlainText<String> {
        PlainText(format!("{tenant} for {}", caller.subject()))
    }

    #[protected(check = name.len() < 5)]
    #[oai(path = "/:tenant/files", method = "get")]
    async fn files(
        &self,
        caller: Principal<Auth>,
        Path(tenant): Path<String>,
        Query(name): Query<String>,
    ) -> PlainText<String> {
        PlainText(format!("{tenant} {name}"))
    }

    fn helper(&self) -> &str {
        self.of_all
    }
}

fn main() {
    let app = || {
        let tenants = Tenants { of_all: "public" };
        assert_eq!(tenants.helper(), "public");
        auth().service(tenants, "Tenants", "1.0")
    };
    assert_eq!(status(app(), "GET /tenants/alice", "alice."), 200);
    assert_eq!(status(app(), "GET /tenants/alice", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /tenants/public", "alice."), 200);
    assert_eq!(status(app(), "GET /tenants/bob", "alice."), 403);
    assert_eq!(status(app(), "GET /tenants/bob/files?name=a", "alice."), 403);
    assert_eq!(status(app(), "GET /tenants/alice/files?name=a", "alice."), 200);
    assert_eq!(status(app(), "GET /tenants/alice/files?name=abcdef", "alice."), 403);
}
