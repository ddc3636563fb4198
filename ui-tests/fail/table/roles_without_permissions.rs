use auth_runtime::prelude::*;

roles! {
    /// The roles of the staff.
    pub enum Role {
        /// Reads
        Viewer = "Viewer",
    }
}

fn main() {}
