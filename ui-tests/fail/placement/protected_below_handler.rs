use auth_runtime::prelude::*;
use auth_ui_tests::auth;
use poem::{EndpointExt, Route, get, handler};

#[handler]
#[protected(roles = "Viewer")]
async fn list() {}

fn main() {
    let _ = Route::new().at("/", get(list)).with(auth());
}
