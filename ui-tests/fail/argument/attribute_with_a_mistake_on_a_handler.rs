use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem::{EndpointExt, Route, get, handler};

#[protected(role())]
#[handler]
async fn list(_caller: Principal<Auth>) {}

fn main() {
    let _ = Route::new().at("/", get(list)).with(auth());
}
