use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = may().await?)]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> poem::Result<()> {
        Ok(())
    }
}

async fn may() -> Result<bool, std::io::Error> {
    Ok(true)
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
