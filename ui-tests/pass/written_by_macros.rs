use auth_runtime::prelude::*;
use auth_ui_tests::{Role, Tokens, auth, status};
use poem::handler;
use poem_openapi::OpenApi;

macro_rules! tables {
    ($permission:ident, $role:ident { $($variant:ident = $name:literal),* }) => {
        permissions! {
            pub enum $permission { $($variant = $name),* }
        }

        roles! {
            pub enum $role: $permission { Every = "every" => [$($variant),*], Same = "same" => [$($name),*] }
        }
    };
}

tables!(Right, Job { View = "view", Edit = "edit" });

macro_rules! own_auth {
    ($auth:ident, $permissions:path, $roles:path, $header:literal, $ty:ty) => {
        #[derive(Auth, Clone)]
        #[auth(permissions = $permissions, roles = $roles)]
        struct $auth {
            #[scheme(bearer(format = $header))]
            key: $ty,
        }
    };
}

own_auth!(Own, Right, Job, "X-Key", Tokens);

macro_rules! api {
    ($ty:ident, $auth:path, $path:literal, $permission:literal, $role:path, $check:expr) => {
        struct $ty;

        #[protected(auth = $auth)]
        #[OpenApi(prefix_path = $path)]
        impl $ty {
            #[permission($permission)]
            #[oai(path = "/", method = "get")]
            async fn list(&self) {}

            #[protected(any(role($role), check = $check))]
            #[oai(path = "/", method = "delete")]
            async fn clear(&self, caller: Principal<$auth>) {
                let _ = caller;
            }
        }

        #[protected(auth = $auth, permission($permission))]
        #[handler]
        #[allow(non_snake_case, dead_code)]
        async fn count() {}
    };
}

mod entries {
    use super::*;

    api!(Entries, auth_ui_tests::Auth, "/entries", "view", Role::Administrator, 1 + 1 == 3);

    pub fn api() -> impl auth_runtime::mount::Protected<Auth = auth_ui_tests::Auth> {
        Entries
    }
}

mod jobs {
    use super::*;

    api!(Jobs, Own, "/jobs", "edit", Job::Every, true);

    pub fn api() -> impl auth_runtime::mount::Protected<Auth = Own> {
        Jobs
    }
}

fn main() {
    assert_eq!(Job::Every.permissions(), Job::Same.permissions());
    assert_eq!(status(auth().service(entries::api(), "Entries", "1.0"), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(auth().service(entries::api(), "Entries", "1.0"), "DELETE /entries", "alice.Viewer"), 403);
    let own = Own { key: Tokens };
    assert_eq!(status(own.service(jobs::api(), "Jobs", "1.0"), "GET /jobs", "alice.same"), 200);
    assert_eq!(status(own.service(jobs::api(), "Jobs", "1.0"), "DELETE /jobs", "alice."), 200);
}
