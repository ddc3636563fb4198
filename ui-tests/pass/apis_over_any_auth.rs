use std::marker::PhantomData;

use auth_runtime::{declared::Includes, guard::AuthConfig, prelude::*};
use auth_ui_tests::{Auth, Tokens, auth, status};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

/// A crate of its own, in a real program.
mod comments {
    use super::*;

    permissions! {
        pub enum Permission {
            Read = "comments:read",
            Write = "comments:write",
        }
    }

    pub struct Comments<A, S> {
        pub store: S,
        pub auth: PhantomData<fn() -> A>,
    }

    #[protected(auth = A, check = self.store.to_string() != "closed")]
    #[OpenApi(prefix_path = "/comments")]
    impl<A, S> Comments<A, S>
    where
        A: AuthConfig,
        A::Permission: Includes<Permission>,
        S: ToString + Send + Sync + 'static,
    {
        #[permission(Permission::Read)]
        #[oai(path = "/", method = "get")]
        async fn list(&self) -> PlainText<String> {
            PlainText(self.store.to_string())
        }

        #[protected(permission("comments:write"), check = *author == caller.subject())]
        #[oai(path = "/:author", method = "get")]
        async fn add(&self, caller: Principal<A>, Path(author): Path<String>) -> PlainText<String> {
            PlainText(format!("{author} is {}", caller.display_name()))
        }
    }
}

permissions! {
    enum Permission {
        View = "view",
        Comments(comments::Permission),
    }
}

roles! {
    enum Role: Permission {
        Reader = "Reader" => ["comments:read"],
        Writer = "Writer": Reader => ["comments:*"],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Blog {
    #[scheme(bearer)]
    token: Tokens,
}

struct Posts;

#[protected]
#[OpenApi]
impl Posts {
    #[permission("view")]
    #[oai(path = "/posts", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let comments = |store| comments::Comments::<Blog, _> { store, auth: PhantomData };
    let blog = |store| Blog { token: Tokens }.service(comments(store), "Blog", "1.0");
    assert_eq!(status(blog("open"), "GET /comments", "alice.Reader"), 200);
    assert_eq!(status(blog("closed"), "GET /comments", "alice.Reader"), 403);
    assert_eq!(status(blog("open"), "GET /comments/alice", "alice.Reader"), 403);
    assert_eq!(status(blog("open"), "GET /comments/alice", "alice.Writer"), 200);
    assert_eq!(status(blog("open"), "GET /comments/bob", "alice.Writer"), 403);
    assert_eq!(status(auth().service(Posts, "Posts", "1.0"), "GET /posts", "alice.Viewer"), 200);
}
