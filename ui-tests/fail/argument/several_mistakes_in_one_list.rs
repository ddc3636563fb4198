use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::Auth;

static RULE: &Operation<Auth> = requirement!(rolls = "Viewer", any(), fresh = "5", permission("veiw"));

fn main() {
    let _ = RULE;
}
