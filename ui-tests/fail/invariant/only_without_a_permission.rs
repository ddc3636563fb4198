use auth_runtime::prelude::*;

invariants! {
    only(Administrator);
}

fn main() {}
