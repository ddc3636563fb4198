use std::fmt::{self, Display};

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{Object, OpenApi, param::Header, payload::Json};

#[derive(Object)]
struct Push {
    reference: String,
}

#[derive(Debug)]
struct BadSignature;

impl Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not match")
    }
}

impl std::error::Error for BadSignature {}

struct Hooks {
    secret: &'static str,
}

impl Hooks {
    async fn verify(&self, signature: &str, push: &Push) -> Result<(), BadSignature> {
        if signature == format!("{}-{}", self.secret, push.reference.len()) { Ok(()) } else { Err(BadSignature) }
    }
}

#[protected]
#[OpenApi(prefix_path = "/hooks")]
impl Hooks {
    /// Receives a push event. The key authenticates the forge.
    #[protected(schemes("key", "token"), check("the signature of the forge") = self.verify(signature, push))]
    #[oai(path = "/push", method = "post")]
    async fn push(
        &self,
        #[oai(name = "X-Signature")] Header(signature): Header<String>,
        Json(push): Json<Push>,
    ) -> Json<Push> {
        Json(push)
    }
}

fn main() {
    let app = || auth().service(Hooks { secret: "s" }, "Hooks", "1.0");
    assert_eq!(status(app(), "POST /hooks/push", ""), 401);
    assert_eq!(status(app(), "POST /hooks/push", "forge."), 400);
    assert!(app().spec().contains(r#"check(\"the signature of the forge\")"#));
}
