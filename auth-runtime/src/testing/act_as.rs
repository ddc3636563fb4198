//! A client that sends requests as chosen callers.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use poem::{
    http::Method,
    test::{TestClient, TestRequestBuilder},
};
use serde_json::Value;

use crate::authenticate::{ActingAs, TestCaller};

/// Sends requests to a service as callers that the test chooses, without credentials.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # use poem_openapi::{OpenApi, payload::PlainText};
/// # permissions! { pub enum Permission { View = "view" } }
/// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View], Guest = "Guest" } }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// # struct Entries;
/// # #[protected]
/// # #[OpenApi]
/// # impl Entries {
/// #     #[permission("view")]
/// #     #[oai(path = "/entries", method = "get")]
/// #     async fn list(&self, caller: Principal<Auth>) -> PlainText<String> {
/// #         PlainText(format!("Hello {}", caller.subject()))
/// #     }
/// # }
/// use auth_runtime::testing::ActAs;
/// use poem::test::TestClient;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let auth = Auth { key: ApiKeys::default() };
/// let client = TestClient::new(auth.service(Entries, "Entries", "1.0"));
///
/// client.as_role(Role::Viewer).get("/entries").send().await.assert_status_is_ok();
/// client.as_role(Role::Guest).get("/entries").send().await.assert_status(403.try_into().unwrap());
/// client.anonymous().get("/entries").send().await.assert_status(401.try_into().unwrap());
///
/// let hello = client.as_user("alice").with_permissions([Permission::View]).via("key").get("/entries").send().await;
/// hello.assert_text("Hello alice").await;
/// # }
/// ```
///
/// Names may be typed values or strings. A role, permission or scheme that the application does not declare panics when
/// the request is sent.
pub trait ActAs {
    /// The service.
    type Endpoint;

    /// Acts as this caller.
    fn act_as(&self, caller: TestCaller) -> ActingClient<'_, Self::Endpoint>;

    /// Acts as a caller without a credential.
    fn anonymous(&self) -> ActingClient<'_, Self::Endpoint> {
        self.act_as(TestCaller::anonymous())
    }

    /// Acts as a caller with this role.
    fn as_role(&self, role: impl Display) -> ActingClient<'_, Self::Endpoint> {
        self.act_as(TestCaller::default().role(role))
    }

    /// Acts as the user with this subject, without roles and permissions: the user is not looked up in a store.
    fn as_user(&self, subject: impl Into<String>) -> ActingClient<'_, Self::Endpoint> {
        self.act_as(TestCaller::new(subject))
    }

    /// Acts as a caller with these permissions, and without roles.
    fn with_permissions(
        &self,
        permissions: impl IntoIterator<Item = impl Display>,
    ) -> ActingClient<'_, Self::Endpoint> {
        self.act_as(TestCaller::default()).with_permissions(permissions)
    }

    /// Acts as a caller whose token has these scopes.
    fn with_scopes(&self, scopes: impl IntoIterator<Item = impl Into<String>>) -> ActingClient<'_, Self::Endpoint> {
        self.act_as(TestCaller::default()).with_scopes(scopes)
    }
}

impl<E> ActAs for TestClient<E> {
    type Endpoint = E;

    fn act_as(&self, caller: TestCaller) -> ActingClient<'_, E> {
        ActingClient { client: self, caller }
    }
}

/// Sends requests as one caller; [`ActAs`] makes it.
#[must_use = "send a request"]
pub struct ActingClient<'a, E> {
    client: &'a TestClient<E>,
    caller: TestCaller,
}

impl<E> std::fmt::Debug for ActingClient<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActingClient").field("caller", &self.caller).finish_non_exhaustive()
    }
}

macro_rules! methods {
    ($($name:ident: $method:ident),*) => {$(
        #[doc = concat!("Starts a `", stringify!($method), "` request.")]
        #[must_use]
        pub fn $name(&self, uri: impl Into<String>) -> TestRequestBuilder<'a, E>
        where
            E: poem::Endpoint,
        {
            self.request(Method::$method, uri)
        }
    )*};
}

impl<'a, E> ActingClient<'a, E> {
    /// Sets the subject, which is also the user name.
    pub fn as_user(self, subject: impl Into<String>) -> Self {
        self.change(|caller| caller.user(subject))
    }

    /// Sets the issuer (default: `test`).
    pub fn issued_by(self, issuer: impl Into<String>) -> Self {
        self.change(|caller| caller.issuer(issuer))
    }

    /// Adds a scheme (default: the schemes that the rule requires). A rule that does not accept it responds with 401.
    pub fn via(self, scheme: impl Into<String>) -> Self {
        self.change(|caller| caller.via(scheme))
    }

    /// Adds a role, with its permissions.
    pub fn with_role(self, role: impl Display) -> Self {
        self.change(|caller| caller.role(role))
    }

    /// Adds permissions.
    pub fn with_permissions(self, permissions: impl IntoIterator<Item = impl Display>) -> Self {
        self.change(|caller| permissions.into_iter().fold(caller, TestCaller::permission))
    }

    /// Limits the credential to these permissions, as an API key can be. It has no roles then.
    pub fn limited_to(self, permissions: impl IntoIterator<Item = impl Display>) -> Self {
        self.change(|caller| caller.limited_to(permissions))
    }

    /// Adds OAuth 2 scopes.
    pub fn with_scopes(self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.change(|caller| scopes.into_iter().fold(caller, TestCaller::scope))
    }

    /// Sets a claim. The authentication context class of the sign-in is the claim `acr`.
    pub fn with_claim(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.change(|caller| caller.claim(name, value))
    }

    /// Sets how long ago the caller signed in (default: never). See [`TestCaller::signed_in_ago`].
    pub fn signed_in_ago(self, age: Duration) -> Self {
        self.change(|caller| caller.signed_in_ago(age))
    }

    /// Sets the time at which the caller sends requests (default: the time of each request).
    pub fn at(self, now: SystemTime) -> Self {
        self.change(|caller| caller.at(now))
    }

    fn change(self, change: impl FnOnce(TestCaller) -> TestCaller) -> Self {
        Self { caller: change(self.caller), ..self }
    }

    methods! { get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE, head: HEAD, options: OPTIONS }

    /// Starts a request. Poem's builder adds the headers, the query and the body, and sends it.
    ///
    /// A credential in the request is not read.
    #[must_use]
    pub fn request(&self, method: Method, uri: impl Into<String>) -> TestRequestBuilder<'a, E>
    where
        E: poem::Endpoint,
    {
        self.client.request(method, uri).data(ActingAs(self.caller.clone()))
    }
}
