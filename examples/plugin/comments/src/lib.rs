//! A plug-in: comments, with the permissions that they need.
//!
//! The API works with the `Auth` of any application whose table of permissions includes [`Permission`].

use std::{
    fmt,
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};

use auth_runtime::{declared::Includes, guard::AuthConfig, prelude::*};
use poem_openapi::{
    Object, OpenApi,
    param::Path,
    payload::{Json, PlainText},
};

permissions! {
    /// Permissions on comments.
    pub enum Permission {
        /// Read comments
        Read = "comments:read",
        /// Write comments, and delete own ones
        Write = "comments:write",
        /// Delete any comment
        Moderate = "comments:moderate",
    }
}

/// A comment.
#[derive(Object, Clone, Debug)]
pub struct Comment {
    /// Issuer and subject of the author.
    author: String,
    text: String,
}

/// The API, over the `Auth` of the application.
pub struct Comments<A> {
    comments: Mutex<Vec<Option<Comment>>>,
    auth: PhantomData<fn() -> A>,
}

impl<A> Default for Comments<A> {
    fn default() -> Self {
        Self { comments: Mutex::default(), auth: PhantomData }
    }
}

impl<A> fmt::Debug for Comments<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comments").finish_non_exhaustive()
    }
}

impl<A: AuthConfig> Comments<A> {
    fn is_author(&self, caller: &Principal<A>, index: usize) -> bool {
        let comments = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
        comments.get(index).and_then(Option::as_ref).is_some_and(|comment| comment.author == identity(caller))
    }
}

/// Returns the issuer and the subject: neither alone identifies a caller.
fn identity<A: AuthConfig>(caller: &Principal<A>) -> String {
    format!("{} {}", caller.issuer(), caller.subject())
}

#[protected(auth = A)]
#[OpenApi(prefix_path = "/comments")]
impl<A: AuthConfig> Comments<A>
where
    A::Permission: Includes<Permission>,
{
    /// Lists the comments.
    #[permission(Permission::Read)]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> Json<Vec<Comment>> {
        let comments = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
        Json(comments.iter().flatten().cloned().collect())
    }

    /// Adds a comment, and returns its number.
    #[permission(Permission::Write)]
    #[oai(path = "/", method = "post")]
    async fn add(&self, caller: Principal<A>, text: PlainText<String>) -> PlainText<String> {
        let mut comments = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
        comments.push(Some(Comment { author: identity(&caller), text: text.0 }));
        PlainText((comments.len() - 1).to_string())
    }

    /// Deletes a comment.
    #[protected(any(
        permission(Permission::Moderate),
        all(permission(Permission::Write), check("is the author") = self.is_author(&caller, *index)),
    ))]
    #[oai(path = "/:index", method = "delete")]
    async fn delete(&self, caller: Principal<A>, Path(index): Path<usize>) {
        let mut comments = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(comment) = comments.get_mut(index) {
            *comment = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use auth_runtime::{
        authenticate::{AuthenticationError, Context, Identity},
        credential::BearerToken,
        prelude::*,
    };
    use poem::test::TestClient;

    use super::{Comments, Permission};

    /// Takes `name permission`.
    #[derive(Clone)]
    struct Tokens;

    impl Authenticator for Tokens {
        type Credential = BearerToken;

        async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
            let (name, permission) =
                token.as_str().split_once('.').ok_or_else(|| AuthenticationError::invalid("no dot"))?;
            Ok(context.identity("test", name).permission(&format!("comments:{permission}")).build())
        }
    }

    /// The smallest application: its table is that of the plug-in.
    #[derive(Auth, Clone)]
    #[auth(permissions = Permission)]
    struct Auth {
        #[scheme(bearer)]
        token: Tokens,
    }

    #[tokio::test]
    async fn authors_and_moderators_delete_comments() {
        let app = Auth { token: Tokens }.service(Comments::default(), "Comments", "1.0");
        let client = TestClient::new(app);
        let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
        for token in ["alice.write", "alice.write"] {
            let (name, value) = bearer(token);
            client
                .post("/comments")
                .header(name, value)
                .content_type("text/plain")
                .body("hi")
                .send()
                .await
                .assert_status_is_ok();
        }
        for (token, index, status) in
            [("bob.write", 0, 403), ("alice.read", 0, 403), ("alice.write", 0, 200), ("bob.moderate", 1, 200)]
        {
            let (name, value) = bearer(token);
            let response = client.delete(format!("/comments/{index}")).header(name, value).send().await;
            assert_eq!(response.0.status().as_u16(), status, "{token}");
        }
    }
}
