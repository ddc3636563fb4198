use auth_runtime::prelude::*;

#[protected(roles = "Viewer")]
struct Entries;

fn main() {
    let _ = Entries;
}
