//! The access token of the benchmarks: 15 claims, as an authorization server issues them (RFC 9068).

use jsonwebtoken::{Header, encode, get_current_timestamp};
use serde::{Deserialize, Serialize};

use crate::{case::Case, entry::PERMISSION, keys::Keys};

/// The issuer of the tokens.
pub const ISSUER: &str = "https://id.example.com/realms/main";
/// The service that the tokens are for.
pub const AUDIENCE: &str = "https://entries.example.com";

const HOUR: u64 = 3600;
const KEY_ID: &str = "2026-05-01-a7f3";
/// A declared permission that does not allow reading entries.
const ANOTHER: &str = "audit:view";

/// All claims of the token, as a hand-written checker reads them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are named as in RFC 7519, RFC 9068 and OpenID Connect Core, section 5.1")]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Vec<String>,
    pub exp: u64,
    pub iat: u64,
    pub nbf: u64,
    pub jti: String,
    pub client_id: String,
    pub name: String,
    pub email: String,
    pub scope: String,
    pub permissions: Vec<String>,
    pub roles: Vec<String>,
    pub auth_time: u64,
    pub tenant: String,
}

impl Claims {
    /// Returns the claims of a caller's token in this case.
    #[must_use]
    pub fn of(case: Case) -> Self {
        let now = get_current_timestamp();
        let first = if case == Case::LackingPermission { ANOTHER } else { PERMISSION };
        Self {
            iss: if case == Case::WrongIssuer { "https://id.example.com/realms/test" } else { ISSUER }.to_owned(),
            sub: "4f1c2a7e-9b1d-4a53-8f0e-6c2d7b9a1e55".to_owned(),
            aud: owned([if case == Case::WrongAudience { "https://mail.example.com" } else { AUDIENCE }, "account"]),
            exp: if case == Case::Expired { now - HOUR } else { now + 2 * HOUR },
            iat: now - 2 * HOUR,
            nbf: if case == Case::NotYetValid { now + HOUR } else { now - 2 * HOUR },
            jti: "b7c9d2e4-51a8-4e0f-9c63-2f8a7d1b6e90".to_owned(),
            client_id: "entry-book-web".to_owned(),
            name: "Alice Archer".to_owned(),
            email: "alice.archer@example.com".to_owned(),
            scope: "openid profile email entries.read entries.write reports.read".to_owned(),
            permissions: owned([
                first,
                "entries:edit",
                "entries:delete",
                "reports:view",
                "reports:create",
                "users:view",
                "users:edit",
                "billing:view",
            ]),
            roles: owned(["Clerk", "Auditor", "Accountant"]),
            auth_time: now - 2 * HOUR,
            tenant: "9d0e7c1b-3f52-4b6a-a1c8-5e4f2d7b8a90".to_owned(),
        }
    }

    /// Returns whether the caller may call the operation.
    #[must_use]
    pub fn may_view(&self) -> bool {
        self.permissions.iter().any(|permission| permission == PERMISSION)
    }
}

/// Returns a signed token for this case.
///
/// # Panics
/// If the system has no source of randomness.
#[must_use]
pub fn signed(case: Case, keys: &Keys) -> String {
    let mut header = Header::new(keys.algorithm.of_jsonwebtoken());
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(KEY_ID.to_owned());
    let token = encode(&header, &Claims::of(case), &keys.encoding()).expect("signed");
    if case == Case::BadSignature { altered(&token) } else { token }
}

/// Returns the token with one changed character in the middle of its signature.
fn altered(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let (before, after) = signature.split_at(signature.len() / 2);
    let other = if after.starts_with('A') { 'B' } else { 'A' };
    format!("{message}.{before}{other}{}", &after[1..])
}

fn owned<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}
