use auth_runtime::prelude::*;
use auth_ui_tests::Auth;

invariants! {
    max_public = "three";
}

fn main() {}
