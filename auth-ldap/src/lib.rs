//! Users of an LDAP directory, such as OpenLDAP or Active Directory, for `auth_runtime`.
//!
//! [`Directory`] is one authenticator for HTTP Basic and for the sign-in page. [`DirectoryBuilder`] has its settings.
//! `Directory` implements only public traits of `auth_runtime`, so an application can write its own authenticator in
//! the same way.
//!
//! # What it protects against
//!
//! | attack | protection |
//! |---|---|
//! | LDAP injection: a user name with wildcards or filter syntax | the name is escaped in an equality match (RFC 4515, section 3), and is never part of a DN |
//! | an empty password, which a directory may accept as an anonymous bind | rejected without a request (RFC 4513, section 5.1.2) |
//! | an entry with an empty DN, which also makes the bind anonymous | rejected |
//! | a user name that matches two entries | rejected |
//! | a referral to another directory | ignored; a result that has only a referral gets 503 |
//! | a directory that is down, slow or not LDAP | 503 within the time limit; the attempt is not counted as wrong |
//! | eavesdropping, or impersonation of the directory | `ldaps://` only; the certificate must be valid for the host |
//! | password guessing | a [`Throttle`](auth_runtime::throttle::Throttle), checked before the directory; a maximum of concurrent sign-ins |
//! | user enumeration | an unknown name takes the same steps as a wrong password |
//! | a DN that is reused for another person | the subject is `entryUUID` (RFC 4530); an entry without one gets 503 |
//! | an incomplete list of groups | 503 |
//!
//! # What it does not protect against
//!
//! - *Password spraying*: a few guesses at many accounts from many addresses.
//! - *Lockout of a user by an attacker*, if the directory locks an account after fewer guesses than the throttle
//!   allows.
//! - *User enumeration by timing*, if the directory itself responds faster for a missing entry.
//! - *Expired passwords*: the directory decides whether a bind with one succeeds.
//! - *A malicious directory*: it controls all identities. The LDAP library also parses nested elements without a depth
//!   limit, and panics on a response that is not LDAP. Such a panic ends the sign-in only, unless the program is built
//!   with `panic = "abort"`.
//!
//! # Modules
//!
//! - `builder`: the settings; `parse`: their check at start; `tls`: trust in the certificate;
//! - `directory`: the steps of a sign-in;
//! - `users`, `groups`: the searches; `entry` and `attribute`: what they find;
//! - `connection`: bind and search over [`ldap3`](https://docs.rs/ldap3);
//! - `error`: wrong settings, and sign-ins that could not be verified.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attribute;
mod builder;
mod connection;
mod directory;
mod entry;
mod error;
mod groups;
mod parse;
mod tls;
mod users;

pub use self::{builder::DirectoryBuilder, directory::Directory, error::DirectoryError};
