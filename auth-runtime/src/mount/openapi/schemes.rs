//! Security Scheme Objects (OpenAPI 3.0, section 4.7.25).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    declared::{GrantType, OAuthFlow, SchemeKind, SecurityScheme, Table},
    guard::AuthConfig,
};

/// A scheme, with the scopes that operations ask for besides those that it lists itself.
pub(super) fn scheme<A: AuthConfig>(scheme: &SecurityScheme, asked: &BTreeSet<&'static str>) -> Value {
    let mut documented = match scheme.kind {
        SchemeKind::Basic => json!({ "type": "http", "scheme": "basic" }),
        SchemeKind::Bearer { format: None } => json!({ "type": "http", "scheme": "bearer" }),
        SchemeKind::Bearer { format: Some(format) } => {
            json!({ "type": "http", "scheme": "bearer", "bearerFormat": format })
        }
        SchemeKind::Http { scheme } => json!({ "type": "http", "scheme": scheme }),
        SchemeKind::OpenIdConnect { url } => json!({ "type": "openIdConnect", "openIdConnectUrl": url }),
        SchemeKind::ApiKey { location, name } => json!({ "type": "apiKey", "in": location.as_str(), "name": name }),
        SchemeKind::OAuth2 { flows, scopes } => {
            let mut scopes: Map<String, Value> = match scopes {
                Some(scopes) => scopes.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect(),
                None => permission_scopes::<A::Permission>(),
            };
            for scope in asked {
                scopes.entry(*scope).or_insert_with(|| description::<A>(scope).into());
            }
            json!({ "type": "oauth2", "flows": flows.iter().map(|f| flow(f, &scopes)).collect::<Map<_, _>>() })
        }
    };
    if !scheme.description.is_empty() {
        documented["description"] = scheme.description.into();
    }
    documented
}

/// Returns the description of a scope in another scheme or in the permission table.
fn description<A: AuthConfig>(scope: &str) -> &'static str {
    let listed = A::SCHEMES.iter().filter_map(|scheme| match scheme.kind {
        SchemeKind::OAuth2 { scopes, .. } => scopes,
        _ => None,
    });
    let permissions = A::Permission::NAMES.iter().zip(A::Permission::DESCRIPTIONS);
    let mut known = listed.flatten().copied().chain(permissions.map(|(name, text)| (*name, *text)));
    known.find(|(name, _)| *name == scope).map_or("", |(_, text)| text)
}

fn permission_scopes<P: Table>() -> Map<String, Value> {
    P::NAMES.iter().zip(P::DESCRIPTIONS).map(|(name, text)| ((*name).to_owned(), (*text).into())).collect()
}

fn flow(flow: &OAuthFlow, scopes: &Map<String, Value>) -> (String, Value) {
    let name = match flow.grant {
        GrantType::Password => "password",
        GrantType::ClientCredentials => "clientCredentials",
        GrantType::AuthorizationCode => "authorizationCode",
        GrantType::Implicit => "implicit",
    };
    let mut documented = json!({ "scopes": scopes });
    for (key, url) in
        [("authorizationUrl", flow.authorization_url), ("tokenUrl", flow.token_url), ("refreshUrl", flow.refresh_url)]
    {
        if let Some(url) = url {
            documented[key] = url.into();
        }
    }
    (name.into(), documented)
}
