//! An application with a directory, and the fake server behind it.

use std::net::IpAddr;

use auth_ldap::{Directory, DirectoryBuilder};
use auth_runtime::{
    client_ip::ClientAddress,
    prelude::*,
    session::{MemorySessions, SignInPages},
    users::MemoryUsers,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{
    Endpoint, EndpointExt, Response, Route,
    endpoint::BoxEndpoint,
    test::{TestClient, TestResponse},
};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    authority::Authority,
    fake::{Answer, Fake, Request, bind, entry, search},
};

pub(crate) const ALICE: &str = "cn=Alice,ou=people,dc=example";
pub(crate) const UUID: &str = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
pub(crate) const SERVICE: &str = "cn=service,dc=example";
pub(crate) const SERVICE_PASSWORD: &str = "s3cret of the service";
pub(crate) const PASSWORD: &str = "correct horse";

permissions! { pub(crate) enum Permission { Read = "notice:read", Write = "notice:write" } }
roles! { pub(crate) enum Role: Permission { Reader = "Reader" => [Read], Editor = "Editor" => all } }

/// One directory for requests with a password and for the sign-in page.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
pub(crate) struct Auth {
    #[scheme(basic)]
    pub(crate) directory: Directory,
    #[scheme(cookie = "__Host-session")]
    pub(crate) session: Sessions<MemoryUsers, MemorySessions>,
}

struct Board;

#[protected]
#[OpenApi]
impl Board {
    #[permission("notice:read")]
    #[oai(path = "/notice", method = "get")]
    async fn read(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} of {} {:?}", caller.subject(), caller.issuer(), caller.roles()))
    }

    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
        let email = caller.claims().get("email");
        PlainText(format!("{:?} {:?} {email:?}", caller.username(), caller.display_name()))
    }
}

/// An application and its directory.
pub(crate) struct Setup {
    pub(crate) fake: Fake,
    pub(crate) app: TestClient<BoxEndpoint<'static>>,
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// Starts the application with other settings than the usual ones.
    pub(crate) async fn with(change: impl FnOnce(DirectoryBuilder) -> DirectoryBuilder) -> Self {
        let authority = Authority::new();
        let fake = Fake::start(authority.acceptor(), right()).await;
        let builder = change(builder(&fake.url).certificate_authorities(authority.pem));
        Self { app: TestClient::new(app(builder.build().unwrap()).boxed()), fake }
    }

    /// Returns the status of a sign-in with these responses of the directory.
    pub(crate) async fn status_of(&self, answers: impl Into<Vec<Answer>>) -> u16 {
        self.fake.answer(answers);
        self.sign_in("alice", PASSWORD).await
    }

    /// Returns the body of `/me` with these responses of the directory.
    pub(crate) async fn me(&self, answers: impl Into<Vec<Answer>>) -> String {
        self.fake.answer(answers);
        let answer = self.call("/me", "127.0.0.1", "alice", PASSWORD).await;
        answer.0.into_body().into_string().await.unwrap()
    }

    /// Returns the status of a sign-in.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> u16 {
        self.sign_in_from("127.0.0.1", name, password).await
    }

    /// Returns the status of a sign-in. Checks that the headers match the status.
    pub(crate) async fn sign_in_from(&self, address: &str, name: &str, password: &str) -> u16 {
        let answer = self.call("/notice", address, name, password).await.0;
        let (status, headers) = (answer.status().as_u16(), answer.headers());
        assert_eq!(status == 401, headers.contains_key("www-authenticate"), "{answer:?}");
        assert_eq!(matches!(status, 429 | 503), headers.contains_key("retry-after"), "{answer:?}");
        status
    }

    pub(crate) async fn call(&self, path: &str, address: &str, name: &str, password: &str) -> TestResponse {
        let basic = BASE64_STANDARD.encode(format!("{name}:{password}"));
        let address = ClientAddress::from(address.parse::<IpAddr>().unwrap());
        self.app.get(path).header("Authorization", format!("Basic {basic}")).data(address).send().await
    }
}

/// Returns the usual settings of a directory.
pub(crate) fn builder(url: &str) -> DirectoryBuilder {
    Directory::builder(url)
        .service_account(SERVICE, SERVICE_PASSWORD)
        .users("ou=people,dc=example")
        .groups("ou=groups,dc=example")
        .role("cn=readers", Role::Reader)
        .role("cn=editors", Role::Editor)
}

pub(crate) fn app(directory: Directory) -> impl Endpoint<Output = Response> + 'static {
    let session = Sessions::with_store(&Basic::new(MemoryUsers::new()), MemorySessions::new());
    let pages = SignInPages::new(&session).plugin(directory.clone());
    let api = Auth { directory, session }.service(Board, "Notice board", "1.0");
    Route::new().nest("/", api).with(pages).map_to_response()
}

pub(crate) fn alice() -> Vec<u8> {
    entry(ALICE, &[("entryUUID", UUID)])
}

/// Returns the directory's responses to a sign-in with the right password: bind of the service account, search for the
/// user, search for the groups, bind of the user.
pub(crate) fn right() -> [Answer; 4] {
    let groups = [entry("cn=readers,ou=groups,dc=example", &[])];
    [bind(0), search(&[alice()], 0), search(&groups, 0), bind(0)]
}

/// Returns the responses of [`right`], with another one at this step.
pub(crate) fn right_but(nth: usize, answer: Answer) -> [Answer; 4] {
    let mut answers = right();
    answers[nth] = answer;
    answers
}

pub(crate) fn bind_request(dn: &str, password: &str) -> Request {
    Request::Bind { dn: dn.to_owned(), password: password.to_owned() }
}

/// Returns whether the request is a search that contains these bytes.
pub(crate) fn is_search_for(request: &Request, bytes: &[u8]) -> bool {
    matches!(request, Request::Search(search) if search.windows(bytes.len()).any(|window| window == bytes))
}
