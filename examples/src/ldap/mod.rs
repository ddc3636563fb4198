//! A service for the users of an LDAP directory. Machine clients have API keys in the environment.
//!
//! [`Ldap`] is a plugin: a type that implements [`Authenticator`] and is a field of `Auth`. The steps, one file each:
//! `address` (encrypted connection) → `session` (binds and searches) → `users` (name to entry) → `groups` (entry to
//! roles) → `directory` (the [`Authenticator`]).

#![allow(clippy::unused_async, reason = "poem-openapi requires async operations")]

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

/// The text about the settings in `--help`.
pub const HELP: &str = r#"Settings (environment variables):
  LDAP_URL                URL of the directory: ldaps://host[:port], or ldap://host[:port] with StartTLS
  LDAP_CA_FILE            PEM file with trusted CA certificates (default: those of the system)
  LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK
                          true: disable TLS; LDAP_URL must be ldap:// to this machine
  LDAP_NAME               Issuer of the users' identities (default: LDAP_URL)
  LDAP_BIND_DN            DN of the account that searches for users and groups (default: anonymous search)
  LDAP_BIND_PASSWORD_FILE File with the password of LDAP_BIND_DN, in one line
  LDAP_BIND_PASSWORD      Password of LDAP_BIND_DN, instead of the file
  LDAP_USER_BASE          DN of the entry above all users
  LDAP_USER_FILTER        Filter for a user; {name} stands for the name that the caller sends
                          (default: (&(objectClass=person)(uid={name})))
  LDAP_USER_ID            Permanent identifier attribute of a user, such as objectGUID in Active Directory; a user
                          without it is identified by DN (default: entryUUID)
  LDAP_DECOY_DN           DN of the entry whose password is tried for unknown names (default: a missing entry)
  LDAP_GROUP_BASE         DN of the entry above all groups
  LDAP_GROUP_FILTER       Filter for the groups of a user; {dn} stands for the user's DN (default: (member={dn}))
  LDAP_ROLES              JSON object {"group": "role", ..}; a group is a DN in the directory's notation, or a cn
  LDAP_TIMEOUT            Seconds until a sign-in is answered with 503, from 1 to 60 (default: 5)
  LDAP_SIGN_INS           Maximum number of concurrent sign-ins, from 1 to 1000; others get 503 (default: 16)
  API_KEYS                JSON object {"name": "key", ..} of machine clients, which have the role Reader and send the
                          key as X-API-Key; at least 22 characters each
  PORT                    Port to listen on; 0 takes a free port (default: 3000)

LDAP_URL, LDAP_USER_BASE, LDAP_GROUP_BASE and LDAP_ROLES are required.
"#;

/// The operations on the notice.
struct Board {
    notice: Arc<Mutex<String>>,
}

/// The caller of a request.
#[derive(Debug, Object)]
struct Caller {
    /// The directory or the key store that identified the caller.
    issuer: String,
    /// The issuer's identifier of the caller.
    subject: String,
    display_name: String,
    roles: Vec<String>,
}

#[protected]
#[OpenApi]
impl Board {
    /// Describes the caller
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

/// Returns the application.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    let board = Board { notice: Arc::new(Mutex::new("Nothing new".to_owned())) };
    let api = auth.service(board, "Notice board", "1.0");
    Route::new().at("/openapi.json", get(api.spec_endpoint())).nest("/docs", api.swagger_ui()).nest("/", api)
}
