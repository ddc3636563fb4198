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

struct Notes<S>(S);

#[protected]
#[Tools]
impl<S: Send + Sync + 'static> Notes<S> {
    /// Lists the notes.
    #[protected]
    async fn list(&self) -> Text<&'static str> {
        Text("milk")
    }
}

fn main() {}
