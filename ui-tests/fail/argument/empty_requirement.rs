use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::Auth;

static RULE: &Operation<Auth> = requirement!();

fn main() {
    let _ = RULE;
}
