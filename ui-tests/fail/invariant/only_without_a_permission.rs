use auth_runtime::prelude::*;
use auth_ui_tests::Auth;

invariants! {
    only(Administrator);
}

fn main() {}
