use auth_runtime::prelude::*;

#[permission("view")]
async fn list() {}

fn main() {
    let _ = list();
}
