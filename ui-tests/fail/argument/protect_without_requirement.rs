use auth_runtime::prelude::*;
use auth_ui_tests::auth;
use poem::{EndpointExt, Route};

fn main() {
    let _ = Route::new().protect(permission("view")).with(auth());
}
