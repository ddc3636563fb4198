use auth_runtime::prelude::*;

roles! {
    /// Who works here.
    pub enum Role {
        /// Reads
        Viewer = "Viewer",
    }
}

fn main() {}
