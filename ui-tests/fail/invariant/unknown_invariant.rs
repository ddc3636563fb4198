use auth_runtime::prelude::*;

invariants! {
    onyl(Administrator, edit);
}

fn main() {}
