//! An application that mounts the comments plug-in: its table of permissions includes that of the plug-in.

use auth_runtime::prelude::*;
use example_comments::Comments;
use poem::Endpoint;
use poem_openapi::{OpenApi, payload::PlainText};

permissions! {
    /// Permissions of the blog.
    pub enum Permission {
        /// Publish posts
        Publish = "publish",
        /// Permissions on comments
        Comments(example_comments::Permission),
    }
}

roles! {
    /// The roles of the blog.
    pub enum Role: Permission {
        /// Reads and comments
        Reader = "Reader" => [
            Comments(example_comments::Permission::Read),
            Comments(example_comments::Permission::Write),
        ],
        /// Writes posts, and has all permissions on comments
        Editor = "Editor" => [Publish, "comments:*"],
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug, Default)]
#[auth(permissions = Permission, roles = Role, realm = "blog")]
pub struct Auth {
    /// Key of a person.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: ApiKeys,
}

struct Posts;

#[protected]
#[OpenApi(prefix_path = "/posts")]
impl Posts {
    /// Publishes a post.
    #[permission("publish")]
    #[oai(path = "/", method = "post")]
    async fn publish(&self, text: PlainText<String>) -> PlainText<String> {
        text
    }
}

/// Returns the service: posts of the blog, and comments of the plug-in.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    poem::IntoEndpoint::into_endpoint(auth.service((Posts, Comments::default()), "Blog", "1.0"))
}
