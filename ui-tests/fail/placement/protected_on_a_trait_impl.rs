use auth_runtime::prelude::*;
use poem_openapi::OpenApi;

trait List {
    fn list(&self);
}

struct Entries;

#[protected]
#[OpenApi]
impl List for Entries {
    fn list(&self) {}
}

fn main() {
    Entries.list();
}
