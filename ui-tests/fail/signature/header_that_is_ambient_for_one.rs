use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::ApiKey,
    prelude::*,
};

#[derive(Clone)]
struct Keys;

impl Authenticator for Keys {
    type Credential = ApiKey;

    async fn authenticate(&self, _: ApiKey, context: &Context) -> Result<Identity, AuthenticationError> {
        Ok(context.identity("keys", "anybody").build())
    }
}

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(header = "X-Proxy-Token", ambient)]
    proxy: Keys,
    #[scheme(api_key(header = "x-proxy-token"))]
    key: Keys,
}

fn main() {}
