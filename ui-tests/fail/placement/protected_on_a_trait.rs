use auth_runtime::prelude::*;

#[protected]
trait Entries {
    fn list(&self);
}

struct Shelf;

impl Entries for Shelf {
    fn list(&self) {}
}

fn main() {
    Shelf.list();
}
