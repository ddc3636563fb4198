use auth_runtime::prelude::*;
use auth_ui_tests::Auth;
use poem::{Route, endpoint::make_sync};

fn main() {
    let files = Route::new().at("/", make_sync(|_| "a file"));
    let _ = files.protect(requirement!(roles("Admin", "Administrater")));
}
