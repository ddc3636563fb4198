//! The text that the test of the editor types into.

use auth_runtime::prelude::*;

permissions! {
    pub enum Permission {
        /// View entries
        View = "view",
        Edit = "edit",
    }
}

roles! {
    pub enum Role: Permission {
        Viewer = "Viewer" => [View],
        Administrator = "Administrator" => all,
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
pub struct Auth {
    /// Key of a machine
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys,
}

#[derive(Auth, Clone)]
#[auth(/*auth*/)]
pub struct Other {
    #[scheme(/*scheme*/)]
    key: ApiKeys,
}

pub const RULE: &Operation<Auth> = requirement!(/*requirement*/);

pub struct Text {
    len: u64,
}

pub struct Notes;

#[protected]
#[Tools]
impl Notes {
    #[protected(/*tool*/)]
    async fn delete(&mut self, author: Text, caller: Principal<Auth>) -> String {
        caller.subject().to_owned()
    }
}

pub struct Entries {
    store: String,
}

#[protected]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, caller: Principal<Auth>) -> String {
        caller.subject().to_owned()
    }

    #[protected(/*clauses*/)]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, caller: Principal<Auth>, id: u64) -> String {
        self.store.clone()
    }
}

#[protected(/*handler*/)]
#[handler]
async fn page(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}
