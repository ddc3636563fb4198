//! `auth-runtime`, with each scheme alone and with three schemes together.

use std::time::{Duration, SystemTime};

use auth_runtime::{
    api_key::{ApiKeyRecord, MemoryApiKeys},
    prelude::*,
    session::{MemorySessions, NewSession},
    users::{MemoryUsers, User},
};
use futures_util::FutureExt;
use poem::{IntoEndpoint, Request, Response, Route};
use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::poem_app::PoemApp;
use crate::{
    contender::Shared,
    credentials::Credentials,
    entry::{Entry, PERMISSION},
    keys::{Algorithm, Keys},
    token::{AUDIENCE, ISSUER},
};

/// A permission that does not allow reading entries.
pub(super) const ANOTHER: &str = "audit:view";
const HEADER: &str = "x-api-key";
pub(super) const GOOD_KEY: &str = "kQ8vR2mX5tZ1wB7nJ4cL9p";
pub(super) const OTHER_KEY: &str = "aB3dE6gH9jK2mN5pQ8sT1v";
pub(super) const OLD_KEY: &str = "uW4xY7zA0bC3dF6gI9jL2m";
const UNKNOWN_KEY: &str = "oP5qR8sT1uV4wX7yZ0aB3c";
pub(super) const ALICE: [&str; 2] = ["alice", "correct horse battery staple"];
pub(super) const BOB: [&str; 2] = ["bob", "wrong donkey capacitor paperclip"];
const WRONG_PASSWORD: [&str; 2] = ["alice", "a password that is not hers"];

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        EntriesView = "entries:view",
        /// Edit entries
        EntriesEdit = "entries:edit",
        /// Delete entries
        EntriesDelete = "entries:delete",
        /// View reports
        ReportsView = "reports:view",
        /// Create reports
        ReportsCreate = "reports:create",
        /// View users
        UsersView = "users:view",
        /// Edit users
        UsersEdit = "users:edit",
        /// View bills
        BillingView = "billing:view",
        /// Edit bills
        BillingEdit = "billing:edit",
        /// View the audit log
        AuditView = "audit:view",
    }
}

roles! {
    /// The roles of a caller.
    pub enum Role: Permission {
        /// Views and creates reports
        Clerk = "Clerk" => [ReportsView, ReportsCreate],
        /// Views the audit log
        Auditor = "Auditor" => [AuditView],
        /// Edits bills
        Accountant = "Accountant" => [BillingView, BillingEdit],
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

/// Whether verified tokens are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// No cache: every request verifies its token.
    Off,
    /// A verified token is cached.
    On,
}

impl Cache {
    fn apply(self, jwt: Jwt) -> Jwt {
        match self {
            Self::Off => jwt.cache_capacity(0),
            Self::On => jwt,
        }
    }
}

/// Declares an `Auth`, and an API that it protects.
macro_rules! service {
    ($(#[$doc:meta])* $entries:ident: $auth:ident { $($(#[$scheme:meta])* $field:ident: $authenticator:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Auth, Clone)]
        #[auth(permissions = Permission, roles = Role, realm = "entries")]
        pub(super) struct $auth {
            $($(#[$scheme])* pub(super) $field: $authenticator),*
        }

        impl $auth {
            fn app(&self) -> impl IntoEndpoint<Endpoint: 'static> + use<> {
                Route::new().nest("/", self.service($entries, "Entries", "1.0"))
            }
        }

        struct $entries;

        #[protected(auth = $auth)]
        #[OpenApi]
        impl $entries {
            #[permission("entries:view")]
            #[oai(path = "/entries/:id", method = "get")]
            async fn entry(&self, Path(id): Path<i64>) -> Json<Entry> {
                Json(Entry::of(id))
            }
        }
    };
}

service! {
    /// An `Auth` with bearer tokens.
    TokenEntries: TokenAuth {
        /// Access token of the issuer.
        #[scheme(bearer(format = "JWT"))]
        token: Jwt,
    }
}

service! {
    /// An `Auth` with API keys.
    KeyEntries: KeyAuth {
        /// Key of a machine client.
        #[scheme(api_key(header = "X-API-Key"))]
        key: ApiKeys,
    }
}

service! {
    /// An `Auth` with passwords.
    PasswordEntries: PasswordAuth {
        /// User name and password.
        #[scheme(basic)]
        password: Basic,
    }
}

service! {
    /// An `Auth` with sessions of browsers.
    SessionEntries: SessionAuth {
        /// Session of a browser.
        #[scheme(cookie = "__Host-session")]
        session: Sessions<MemoryUsers, MemorySessions>,
    }
}

service! {
    /// An `Auth` with all three schemes.
    AnyEntries: AnyAuth {
        /// Access token of the issuer.
        #[scheme(bearer(format = "JWT"))]
        token: Jwt,
        /// User name and password.
        #[scheme(basic)]
        password: Basic,
        /// Key of a machine client.
        #[scheme(api_key(header = "X-API-Key"))]
        key: ApiKeys,
    }
}

struct PublicEntries;

#[protected(auth = TokenAuth)]
#[OpenApi]
impl PublicEntries {
    #[public(reason = "measures the cost of a public operation")]
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Path(id): Path<i64>) -> Json<Entry> {
        Json(Entry::of(id))
    }
}

/// Returns a contender with a public operation: the library's cost without a credential check.
#[must_use]
pub fn public(keys: &Keys) -> Shared {
    let service = TokenAuth { token: jwt(keys, Cache::On) }.service(PublicEntries, "Entries", "1.0");
    PoemApp::shared("auth-runtime, public operation", Route::new().nest("/", service), Credentials::none())
}

/// Returns a contender that accepts tokens only.
#[must_use]
pub fn tokens(keys: &Keys, cache: Cache) -> Shared {
    let name = match cache {
        Cache::Off => format!("auth-runtime without cache, {}", keys.algorithm.name()),
        Cache::On => format!("auth-runtime, {}", keys.algorithm.name()),
    };
    let app = TokenAuth { token: jwt(keys, cache) }.app();
    PoemApp::shared(name, app.into_endpoint(), Credentials::tokens(keys))
}

/// Returns a contender that accepts API keys only.
#[must_use]
pub fn api_keys() -> Shared {
    let app = KeyAuth { key: keys() }.app();
    PoemApp::shared("auth-runtime, API keys", app.into_endpoint(), sent_keys())
}

/// Returns a contender that accepts passwords only.
#[must_use]
pub fn passwords() -> Shared {
    let app = PasswordAuth { password: users() }.app();
    PoemApp::shared("auth-runtime, passwords", app.into_endpoint(), sent_passwords())
}

/// Returns a contender that accepts sessions only.
#[must_use]
pub fn sessions() -> Shared {
    let session = Sessions::with_store(&users(), MemorySessions::new());
    let [good, other] = [ALICE, BOB].map(|[name, _]| signed_in(&session, name));
    let app = SessionAuth { session }.app();
    PoemApp::shared("auth-runtime, sessions", app.into_endpoint(), Credentials::sessions(&good, &other))
}

/// Signs a user in, and returns the cookie.
fn signed_in(sessions: &Sessions<MemoryUsers, MemorySessions>, name: &str) -> String {
    let request = Request::default();
    let start = sessions.start(&request, NewSession::of_user(&User::new(name, "")));
    let started = start.now_or_never().expect("a store in memory").expect("a session");
    let mut response = Response::default();
    started.add_to(&mut response);
    let cookie = response.header("Set-Cookie").expect("a cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// Returns a contender that accepts all three schemes, called with tokens.
#[must_use]
pub fn any_with_tokens(keys: &Keys) -> Shared {
    let name = format!("auth-runtime, three schemes, {}", keys.algorithm.name());
    PoemApp::shared(name, any(keys), Credentials::tokens(keys))
}

/// Returns a contender that accepts all three schemes, called with API keys.
#[must_use]
pub fn any_with_api_keys(keys: &Keys) -> Shared {
    PoemApp::shared("auth-runtime, three schemes, API keys", any(keys), sent_keys())
}

/// Returns a contender that accepts all three schemes, called with passwords.
#[must_use]
pub fn any_with_passwords(keys: &Keys) -> Shared {
    PoemApp::shared("auth-runtime, three schemes, passwords", any(keys), sent_passwords())
}

fn any(issuer: &Keys) -> impl poem::Endpoint + use<> {
    AnyAuth { token: jwt(issuer, Cache::On), password: users(), key: keys() }.app().into_endpoint()
}

pub(super) fn jwt(keys: &Keys, cache: Cache) -> Jwt {
    let key = match keys.algorithm {
        Algorithm::Hs256 => Jwt::hs256(&keys.public),
        Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => Jwt::public_key_pem(&keys.public),
    };
    cache.apply(key.expect("a strong key").issuer(ISSUER).audience(AUDIENCE))
}

fn keys() -> ApiKeys {
    let record = |key, permission| ApiKeyRecord::of(key, "machine").expect("a strong key").permissions([permission]);
    let records = [
        record(GOOD_KEY, PERMISSION),
        record(OTHER_KEY, ANOTHER),
        record(OLD_KEY, PERMISSION).expires_at(SystemTime::UNIX_EPOCH),
    ];
    let empty = MemoryApiKeys::new();
    ApiKeys::new(records.into_iter().fold(empty, |keys, record| keys.add_record(record).expect("another key")))
}

fn users() -> Basic {
    let user = |[name, password]: [&str; 2], permission| {
        User::with_password(name, password).expect("a good password").permissions([permission])
    };
    let users = [user(ALICE, PERMISSION), user(BOB, ANOTHER)];
    let empty = MemoryUsers::new();
    let users = users.into_iter().fold(empty, |users, user| users.add_user(user).expect("another user"));
    // Longer than any measurement, so that no cache entry expires.
    Basic::new(users).cache_ttl(Duration::from_hours(1))
}

pub(super) fn sent_keys() -> Credentials {
    Credentials::keys(HEADER, GOOD_KEY, OTHER_KEY, OLD_KEY, UNKNOWN_KEY)
}

pub(super) fn sent_passwords() -> Credentials {
    Credentials::passwords(ALICE, BOB, WRONG_PASSWORD)
}
