use auth_runtime::prelude::*;
use auth_ui_tests::Auth;

invariants! {
    separate(Viewer, Administrator);
}

fn main() {}
