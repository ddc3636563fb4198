use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::Auth;

static RULE: &Operation<Auth> = requirement!(permission("view"), check = true);

fn main() {
    let _ = RULE;
}
