use auth_runtime::prelude::*;

trait List {
    fn list(&self);
}

struct Entries;

#[protected]
#[poem_openapi::OpenApi]
impl List for Entries {
    fn list(&self) {}
}

fn main() {
    Entries.list();
}
