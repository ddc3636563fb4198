use auth_runtime::prelude::*;
use auth_ui_tests::Auth;

invariants! {
    only(administrator, "edit");
    never("Viewer", "veiw");
    never(Viewer, "products:*");
}

fn main() {}
