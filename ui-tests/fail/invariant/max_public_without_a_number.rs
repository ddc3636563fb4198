use auth_runtime::prelude::*;

invariants! {
    max_public = "three";
}

fn main() {}
