use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem::{EndpointExt, Route, get, handler};

#[permission("veiw")]
#[handler]
async fn list() {}

fn main() {
    let _ = Route::new().at("/", get(list)).with(auth());
}
