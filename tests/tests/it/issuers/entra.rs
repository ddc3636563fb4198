//! Access tokens of Microsoft Entra ID: one tenant and several, of version 2 and version 1.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys, RoleTable, Tenants, TokenType};
use serde_json::{Value, json};

use super::{Documents, accepts, jwt, key_set, merged, rejects};

/// Tokens of version 2 for one tenant. The issuer has the id of your tenant, and not its domain.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0")
}

/// The audience is the client id of the API. `azpacr` is a claim of access tokens alone.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    Ok(jwt.token_type(|token| if token.has_claim("azpacr") { TokenType::AccessToken } else { TokenType::Other }))
}

/// Tokens of version 2 for several tenants. All tenants share these keys.
fn shared_keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://login.microsoftonline.com/common/discovery/v2.0/keys")
}

/// The tenants of your customers, and a group of one of them that grants a role here.
fn tokens_of_customers(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let customers = Tenants::listed(["72f988bf-86f1-41af-91ab-2d7cd011db47", "3338040d-6c67-4c5b-b112-36a304b66dad"])?;
    let jwt = Jwt::remote(keys)?.tenants("https://login.microsoftonline.com/{tid}/v2.0", customers)?;
    let jwt = jwt.audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    let jwt = jwt.token_type(|token| if token.has_claim("azpacr") { TokenType::AccessToken } else { TokenType::Other });
    let groups = RoleTable::new().role("6c7e1f4a-9d3b-4a57-8f0e-2b1c5d6e7f80", "Administrator");
    Ok(jwt.roles_claim("groups").role_table(groups))
}

/// Tokens of version 1, which an API gets unless its manifest says `"requestedAccessTokenVersion": 2`.
fn keys_v1() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/discovery/keys")
}

/// The audience is the application id URI. `appidacr` is a claim of access tokens alone.
fn tokens_v1(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/");
    let jwt = jwt.audience("api://notes.example.com");
    Ok(jwt.token_type(|token| if token.has_claim("appidacr") { TokenType::AccessToken } else { TokenType::Other }))
}

/// Tokens of version 1 for several tenants. All tenants share these keys.
fn shared_keys_v1() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://login.microsoftonline.com/common/discovery/keys")
}

/// The tenants of your customers. Tokens of version 1 have this form of issuer.
fn tokens_v1_of_customers(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let customers = Tenants::listed(["72f988bf-86f1-41af-91ab-2d7cd011db47", "3338040d-6c67-4c5b-b112-36a304b66dad"])?;
    let jwt = Jwt::remote(keys)?.tenants("https://sts.windows.net/{tid}/", customers)?;
    let jwt = jwt.audience("api://notes.example.com");
    Ok(jwt.token_type(|token| if token.has_claim("appidacr") { TokenType::AccessToken } else { TokenType::Other }))
}

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const CUSTOMER: &str = "3338040d-6c67-4c5b-b112-36a304b66dad";
const STRANGER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const API: &str = "6e74172b-be56-4843-9ff4-e66a39bb12e3";

fn v2(tenant: &str) -> Value {
    json!({
        "aud": API,
        "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
        "aio": "AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy",
        "azp": "f5b11a2e-1a59-4b6c-8c2f-1e2f9f0a4c7d",
        "azpacr": "0",
        "name": "Alice A.",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "preferred_username": "alice@example.com",
        "rh": "0.AXkARhgyJw",
        "roles": ["Viewer"],
        "scp": "access_as_user",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "tid": tenant,
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "ver": "2.0",
    })
}

/// Returns what is different in an ID token for the same application.
fn id_token() -> Value {
    json!({ "azp": null, "azpacr": null, "scp": null })
}

#[tokio::test]
async fn app_roles_of_one_tenant() {
    let documents = Documents::of(&format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    let entra = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = v2(TENANT);
    accepts(&entra, &jwt(&claims), r#"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ ["Viewer"] ["view"]"#).await;
    rejects(
        &entra,
        [
            ("ID token of the same application", jwt(&merged(&claims, &id_token()))),
            ("another application", jwt(&merged(&claims, &json!({ "aud": "00000003-0000-0000-c000-000000000000" })))),
            ("another tenant", jwt(&v2(STRANGER))),
        ],
    )
    .await;
}

#[tokio::test]
async fn groups_of_several_tenants() {
    let mut keys = key_set();
    keys["keys"][0]["issuer"] = "https://login.microsoftonline.com/{tenantid}/v2.0".into();
    let mut documents = Documents::keys_at("https://login.microsoftonline.com/common/discovery/v2.0/keys");
    documents.0.values_mut().for_each(|document| *document = keys.to_string());
    let entra = tokens_of_customers(shared_keys().unwrap().fetcher(documents.clone())).unwrap();
    let groups = json!({ "groups": ["6c7e1f4a-9d3b-4a57-8f0e-2b1c5d6e7f80", "Viewer"], "roles": ["Viewer"] });
    for tenant in [TENANT, CUSTOMER] {
        let claims = merged(&v2(tenant), &groups);
        let caller = r#"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ ["Administrator"] ["view", "edit"]"#;
        accepts(&entra, &jwt(&claims), caller).await;
        rejects(
            &entra,
            [
                ("ID token", jwt(&merged(&claims, &id_token()))),
                ("another audience", jwt(&merged(&claims, &json!({ "aud": "other" })))),
                ("the claim of another tenant", jwt(&merged(&claims, &json!({ "tid": STRANGER })))),
                ("no claim of a tenant", jwt(&merged(&claims, &json!({ "tid": null })))),
                ("another tenant", jwt(&v2(STRANGER))),
                ("the template", jwt(&v2("{tid}"))),
            ],
        )
        .await;
    }
    // A key that is published for one tenant is for that tenant.
    keys["keys"][0]["issuer"] = format!("https://login.microsoftonline.com/{STRANGER}/v2.0").into();
    documents.0.values_mut().for_each(|document| *document = keys.to_string());
    let entra = tokens_of_customers(shared_keys().unwrap().fetcher(documents)).unwrap();
    rejects(&entra, [("a key of another tenant", jwt(&v2(TENANT)))]).await;
}

fn v1(tenant: &str) -> Value {
    json!({
        "aud": "api://notes.example.com",
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "acr": "1",
        "amr": ["pwd"],
        "appid": "f5b11a2e-1a59-4b6c-8c2f-1e2f9f0a4c7d",
        "appidacr": "0",
        "ipaddr": "192.0.2.7",
        "name": "Alice A.",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "roles": ["Administrator"],
        "scp": "access_as_user",
        "sub": "l3roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA",
        "tid": tenant,
        "unique_name": "alice@example.com",
        "upn": "alice@example.com",
        "ver": "1.0",
    })
}

#[tokio::test]
async fn app_roles_of_several_tenants_of_version_1() {
    let documents = Documents::keys_at("https://login.microsoftonline.com/common/discovery/keys");
    let entra = tokens_v1_of_customers(shared_keys_v1().unwrap().fetcher(documents)).unwrap();
    for tenant in [TENANT, CUSTOMER] {
        let caller = r#"l3roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA ["Administrator"] ["view", "edit"]"#;
        accepts(&entra, &jwt(&v1(tenant)), caller).await;
        rejects(
            &entra,
            [
                ("ID token", jwt(&merged(&v1(tenant), &json!({ "appid": null, "appidacr": null, "scp": null })))),
                ("the claim of another tenant", jwt(&merged(&v1(tenant), &json!({ "tid": STRANGER })))),
                ("another API", jwt(&merged(&v1(tenant), &json!({ "aud": "https://graph.microsoft.com" })))),
                ("another tenant", jwt(&v1(STRANGER))),
                ("version 2", jwt(&v2(tenant))),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn app_roles_of_version_1() {
    let documents = Documents::keys_at(&format!("https://login.microsoftonline.com/{TENANT}/discovery/keys"));
    let entra = tokens_v1(keys_v1().unwrap().fetcher(documents)).unwrap();
    let claims = v1(TENANT);
    let caller = r#"l3roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA ["Administrator"] ["view", "edit"]"#;
    accepts(&entra, &jwt(&claims), caller).await;
    let id_token = json!({ "appid": null, "appidacr": null, "scp": null });
    rejects(
        &entra,
        [
            ("ID token", jwt(&merged(&claims, &id_token))),
            ("another API", jwt(&merged(&claims, &json!({ "aud": "https://graph.microsoft.com" })))),
            (
                "another tenant",
                jwt(&merged(&claims, &json!({ "iss": format!("https://sts.windows.net/{STRANGER}/") }))),
            ),
            ("version 2", jwt(&v2(TENANT))),
        ],
    )
    .await;
}
