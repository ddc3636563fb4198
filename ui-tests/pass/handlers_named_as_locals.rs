//! A handler of Poem is a unit struct in lower case. No generated binding of the same name may shadow it. (The macros
//! cannot prevent this for names that poem-openapi itself binds, such as `request` and `value`.)

use auth_runtime::{authenticate::{AuthenticationError, Context, Identity}, credential::BearerToken, prelude::*};
use poem::handler;
use poem_openapi::{OpenApi, payload::PlainText};

macro_rules! handlers {
    ($($name:ident)*) => {$(
        #[handler]
        #[allow(dead_code)]
        fn $name() -> &'static str {
            "handler"
        }
    )*};
}

handlers! {
    index name names set values entry f serializer deserializer guard number answer pending rejection check
    accepted context attempt credential0 chosen found said identity refused configured endpoint role
}

permissions! { pub enum Permission { View = "view" } }
roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }

#[derive(Clone)]
struct Tokens;

impl Authenticator for Tokens {
    type Credential = BearerToken;

    async fn authenticate(&self, _token: BearerToken, _context: &Context) -> Result<Identity, AuthenticationError> {
        Err(AuthenticationError::invalid("nobody"))
    }
}

fn own_body(_rejection: &auth_runtime::respond::Rejection) -> auth_runtime::respond::RejectionBody {
    auth_runtime::respond::RejectionBody::text("no")
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role, rejection = own_body)]
struct Auth {
    #[scheme(bearer)]
    token: Tokens,
    #[overrides]
    overrides: PermissionOverrides<Permission>,
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(role("Viewer"), check = true)]
    #[oai(path = "/", method = "get")]
    async fn get(&self) -> PlainText<&'static str> {
        PlainText("operation")
    }
}

#[protected(check = true)]
#[handler]
async fn guarded() -> &'static str {
    "guarded"
}

fn main() {
    let auth = Auth { token: Tokens, overrides: PermissionOverrides::new() };
    let _ = auth.service(Api, "Api", "1");
    let _ = (guarded, requirement!(authenticated));
}
