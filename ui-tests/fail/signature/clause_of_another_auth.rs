use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, Keys, auth};
use poem::{EndpointExt, Route, endpoint::make_sync};

#[derive(Auth, Clone)]
struct Machines {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

fn main() {
    let files = Route::new().at("/", make_sync(|_| "a file"));
    let _ = files.protect::<Auth>(requirement!(auth = Machines, authenticated)).with(auth());
}
