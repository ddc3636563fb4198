use auth_runtime::prelude::*;
use auth_ui_tests::Auth;

invariants! {
    onyl(Administrator, edit);
}

fn main() {}
