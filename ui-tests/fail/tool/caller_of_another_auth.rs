use auth_runtime::prelude::*;
use poem_mcpserver::{Tools, content::Text};

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<Keys>,
}

#[derive(Clone)]
struct Keys;

impl Authenticator for Keys {
    type Credential = auth_runtime::credential::ApiKey;

    async fn authenticate(
        &self,
        _: Self::Credential,
        context: &auth_runtime::authenticate::Context,
    ) -> Result<auth_runtime::authenticate::Identity, auth_runtime::authenticate::AuthenticationError> {
        Ok(context.identity("keys", "anybody").build())
    }
}

#[derive(Auth, Clone)]
struct Other {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<Keys>,
}

struct Notes;

#[protected]
#[Tools]
impl Notes {
    /// Lists the notes.
    #[protected]
    async fn list(&self, caller: Principal<Other>) -> Text<String> {
        Text(caller.subject().to_owned())
    }
}

fn main() {}
