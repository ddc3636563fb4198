//! A service whose users are those of a directory (LDAP), and its machines those of the environment.
//!
//! [`Ldap`] is a plugin: one more type that implements [`Authenticator`], as a field of `Auth` beside others. The
//! line, file by file: `address` (a private way to the directory) → `session` (binds and searches) → `users` (name to
//! entry) → `groups` (entry to roles) → `directory` (the [`Authenticator`]).

#![allow(clippy::unused_async, reason = "an operation is async, whether it waits for something or not")]

pub mod access;
mod address;
mod directory;
mod error;
mod filter;
mod groups;
mod session;
pub mod settings;
mod start_tls;
mod users;

use std::sync::{Arc, Mutex, PoisonError};

use auth_runtime::prelude::*;
use poem::{Endpoint, Route, get};
use poem_openapi::{
    Object, OpenApi,
    payload::{Json, PlainText},
};

use self::access::{Auth, Role};
pub use self::{
    address::{Address, AddressError},
    directory::{Directory, Ldap},
    filter::{Filter, FilterError},
    groups::{Group, Groups},
    session::ServiceAccount,
    users::Users,
};

/// The settings, for `--help`.
pub const HELP: &str = r#"Settings (environment variables):
  LDAP_URL                the directory: ldaps://host, or ldap://host, which is upgraded by StartTLS before anything
                          else is said; with :port or not
  LDAP_CA_FILE            PEM file with the certificates of those who may vouch for the directory; those that the
                          system trusts unless set
  LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK
                          true: no TLS; LDAP_URL must be ldap:// and this machine
  LDAP_NAME               who vouches for all users: the issuer of their identities; LDAP_URL unless set
  LDAP_BIND_DN            the entry that searches for users and groups; without it the search is anonymous
  LDAP_BIND_PASSWORD_FILE file with the password of LDAP_BIND_DN; a line break at its end does not belong to it
  LDAP_BIND_PASSWORD      the password itself, in place of the file
  LDAP_USER_BASE          the entry below which users are
  LDAP_USER_FILTER        (&(objectClass=person)(uid={name})) unless set; {name} is the name that the caller sends
  LDAP_USER_ID            the attribute that stays with a user for good; entryUUID unless set; objectGUID in Active
                          Directory; for an entry without it, the subject of the identity is the DN
  LDAP_DECOY_DN           the entry whose password is tried for names that nobody has; one that does not exist unless
                          set
  LDAP_GROUP_BASE         the entry below which groups are
  LDAP_GROUP_FILTER       (member={dn}) unless set; {dn} is the entry of the user
  LDAP_ROLES              JSON object {"group": "role", ..}; a group is its DN as the directory writes it, or its cn
  LDAP_TIMEOUT            in so many seconds a sign-in is over, or answered by 503; 5 unless set, from 1 to 60
  LDAP_SIGN_INS           so many sign-ins at once, and those beyond are answered by 503; 16 unless set, from 1 to 1000
  API_KEYS                JSON object {"name": "key", ..} of machines, which are Readers and send it as X-API-Key;
                          keys have 22 characters or more
  PORT                    3000 unless set; 0 takes any that is free

LDAP_URL, LDAP_USER_BASE, LDAP_GROUP_BASE and LDAP_ROLES must be set.
"#;

/// The operations, on a notice that everybody starts with.
struct Board {
    notice: Arc<Mutex<String>>,
}

/// Who calls.
#[derive(Debug, Object)]
struct Caller {
    /// The directory, or the store of keys.
    issuer: String,
    /// By which the issuer knows the caller.
    subject: String,
    display_name: String,
    roles: Vec<String>,
}

#[protected]
#[OpenApi]
impl Board {
    /// Tells who calls
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> Json<Caller> {
        let roles = Role::ALL.iter().filter(|role| caller.has_role(**role)).map(|role| role.name().to_owned());
        Json(Caller {
            issuer: caller.issuer().to_owned(),
            subject: caller.subject().to_owned(),
            display_name: caller.display_name().to_owned(),
            roles: roles.collect(),
        })
    }

    /// Shows the notice
    #[permission("notice:read")]
    #[oai(path = "/notice", method = "get")]
    async fn read(&self) -> PlainText<String> {
        PlainText(self.notice.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Replaces the notice
    #[permission("notice:write")]
    #[oai(path = "/notice", method = "put")]
    async fn write(&self, notice: PlainText<String>) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice.0;
    }
}

/// The application.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    let board = Board { notice: Arc::new(Mutex::new("Nothing new".to_owned())) };
    let api = auth.service(board, "Notice board", "1.0");
    Route::new().at("/openapi.json", get(api.spec_endpoint())).nest("/docs", api.swagger_ui()).nest("/", api)
}
