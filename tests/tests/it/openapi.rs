//! The document is valid OpenAPI 3.0, according to the official JSON schema and to a second validator that follows
//! references.

use auth_runtime::prelude::*;
use poem::IntoEndpoint;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Header, Path, Query},
    payload::{Json, PlainText},
};
use roas::{
    v3_0::spec::Spec,
    v3_1::spec::Spec as Spec31,
    validation::{Options, Validate},
};
use serde_json::{Value, json};

use crate::{
    documented,
    fixture::{By, Caller, Directory, Keys, Passwords, Permission, Role, Tokens, get},
};

/// Every kind of scheme, with all its settings.
#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role)]
struct Every {
    /// With "quotes", `code`, <b>tags</b> and ünïcödë.
    #[scheme(basic, name = "user.name-and_password")]
    password: Passwords,
    #[scheme(bearer)]
    token: Tokens,
    #[scheme(bearer(format = "JWT"))]
    jwt: Tokens,
    /// All flows
    #[scheme(oauth2(
        password(token_url = "/auth/token", refresh_url = "/auth/refresh"),
        client_credentials(token_url = "https://issuer.example/token"),
        authorization_code(
            authorization_url = "https://issuer.example/authorize",
            token_url = "https://issuer.example/token",
        ),
        implicit(authorization_url = "https://issuer.example/authorize"),
        scopes("entries:read" = "Read entries", "entries:write" = "Write entries"),
    ))]
    listed: Tokens,
    #[scheme(oauth2(client_credentials(token_url = "/token")))]
    permissions: Tokens,
    #[scheme(openid_connect(url = "https://issuer.example/.well-known/openid-configuration"))]
    openid: Tokens,
    #[scheme(api_key(header = "X-API-Key"))]
    header: Keys,
    #[scheme(api_key(query = "api_key"))]
    query: Keys,
    #[scheme(api_key(cookie = "key"))]
    cookie: Keys,
    #[scheme(cookie = "__Host-session")]
    session: Keys,
    #[scheme(http = "LDAP")]
    directory: Directory,
}

#[derive(Object, Debug)]
struct Entry {
    /// Name of the entry
    #[oai(validator(max_length = 40))]
    name: String,
}

#[derive(Object, Debug)]
struct Mistake {
    text: String,
}

#[derive(ApiResponse)]
#[oai(bad_request_handler = "bad_request")]
enum Answer {
    /// Found
    #[oai(status = 200)]
    Ok(Json<Entry>),
    /// Invalid request
    #[oai(status = 400)]
    Bad(Json<Mistake>),
}

#[expect(clippy::needless_pass_by_value, reason = "poem-openapi requires this signature")]
fn bad_request(error: poem::Error) -> Answer {
    Answer::Bad(Json(Mistake { text: error.to_string() }))
}

struct Api;

#[protected(auth = Every)]
#[OpenApi(prefix_path = "/entries")]
impl Api {
    /// Change an entry
    ///
    /// For editors and administrators.
    #[protected(any(role("Administrator"), all(permission("edit"), scope("entries:write"))), fresh = "15m")]
    #[oai(path = "/:id", method = "put")]
    async fn update(
        &self,
        id: Path<i64>,
        /// Reason of the change
        #[oai(name = "X-Reason")]
        reason: Header<Option<String>>,
        dry: Query<Option<bool>>,
        entry: Json<Entry>,
    ) -> Answer {
        let _ = (id, reason, dry);
        Answer::Ok(entry)
    }

    #[protected(scopes("entries:read", "view"))]
    #[oai(path = "/:id", method = "get")]
    async fn one(&self, id: Path<i64>) -> PlainText<String> {
        PlainText(id.to_string())
    }

    #[protected(schemes("user.name-and_password", "header", "query"), check = id.0 > 7)]
    #[oai(path = "/:id", method = "delete")]
    async fn remove(&self, id: Path<i64>) {
        let _ = id;
    }

    #[optional_auth]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> Json<Vec<Entry>> {
        Json(Vec::new())
    }

    #[public(reason = "a \"quoted\" reason")]
    #[oai(path = "/", method = "post")]
    async fn open(&self) {}
}

fn document() -> Value {
    serde_json::from_str(&Every::default().service(Api, "Every", "1").spec()).unwrap()
}

/// Returns the errors that the official schema and the second validator find in a document.
pub(crate) fn complaints(document: &Value) -> Vec<String> {
    let schema = serde_json::from_str(include_str!("data/openapi-3.0.json")).unwrap();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let mut complaints: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    match serde_json::from_value::<Spec>(with_registered_schemes(document)) {
        Err(error) => complaints.push(error.to_string()),
        Ok(spec) => {
            // A declared scheme may be unused, because an application may have more schemes than this API accepts. A
            // URL may be relative, as Swagger UI allows. A description may be empty, as Poem's are.
            let options = Options::IgnoreUnusedSecuritySchemes
                | Options::IgnoreInvalidUrls
                | Options::IgnoreEmptyResponseDescription;
            if let Err(errors) = spec.validate(options, None) {
                complaints.extend(errors.errors.iter().map(ToString::to_string));
            }
        }
    }
    complaints
}

/// The second validator accepts only registered HTTP schemes. In OpenAPI 3.0 that is a SHOULD (section 4.7.24).
fn with_registered_schemes(document: &Value) -> Value {
    let mut document = document.clone();
    for scheme in document["components"]["securitySchemes"].as_object_mut().unwrap().values_mut() {
        if scheme["scheme"] == "LDAP" {
            scheme["scheme"] = "negotiate".into();
        }
    }
    document
}

#[test]
fn r93_the_document_is_valid_openapi_3_0() {
    assert_eq!(complaints(&document()), Vec::<String>::new());
}

#[test]
fn r93_the_document_of_a_large_api_is_valid_openapi_3_0() {
    let document = serde_json::from_str(&documented::service().spec()).unwrap();
    assert_eq!(complaints(&document), Vec::<String>::new());
}

/// Each document of the tests as OpenAPI 3.1.
fn documents_of_3_1() -> [Value; 2] {
    let large = documented::service().openapi_3_1().spec();
    let every = Every::default().service(Api, "Every", "1").openapi_3_1().spec();
    [every, large].map(|document| serde_json::from_str(&document).unwrap())
}

#[test]
fn r93_documents_of_3_1_are_valid() {
    for document in documents_of_3_1() {
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(complaints_of_3_1(&document), Vec::<String>::new());
    }
}

/// Returns what a validator of OpenAPI 3.1 finds wrong.
pub(crate) fn complaints_of_3_1(document: &Value) -> Vec<String> {
    let spec: Spec31 = serde_json::from_value(with_registered_schemes(document)).unwrap();
    let options =
        Options::IgnoreUnusedSecuritySchemes | Options::IgnoreInvalidUrls | Options::IgnoreEmptyResponseDescription;
    let errors = spec.validate(options, None).err().map(|errors| errors.errors).unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn r93_documents_of_3_1_list_the_roles_of_schemes_without_scopes() {
    let [_, document] = documents_of_3_1();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    let of_key = |path: &str, method: &str| -> Vec<Value> {
        let listed = security(path, method).as_array().unwrap().clone();
        listed.into_iter().filter_map(|alternative| alternative.get("key").cloned()).collect()
    };
    assert_eq!(of_key("/single/role", "get"), [json!(["Viewer"])]);
    assert_eq!(of_key("/single/role", "post"), [json!(["Viewer"]), json!(["User"])]);
    assert_eq!(of_key("/single/all-roles", "get"), [json!(["Viewer", "User"])]);
    assert_eq!(of_key("/single/permission", "get"), [json!([])]);
    assert_eq!(of_key("/single/not-role", "get"), [json!([])]);
    let of_token = security("/single/role", "get");
    assert!(of_token.as_array().unwrap().contains(&json!({ "token": [] })), "a scope is no role: {of_token}");
}

#[test]
fn r93_the_document_is_the_same_as_yaml() {
    let service = Every::default().service(Api, "Every", "1");
    let document: Value = serde_yaml::from_str(&service.spec_yaml()).unwrap();
    assert_eq!(document, serde_json::from_str::<Value>(&service.spec()).unwrap());
}

/// The validators find known mistakes.
#[test]
fn known_mistakes_are_found() {
    let mistakes: [fn(&mut Value); 6] = [
        |document| document["paths"]["/entries/{id}"]["get"]["security"] = json!([{ "nobody": [] }]),
        |document| document["paths"]["/entries/{id}"]["get"]["security"] = json!({}),
        |document| document["components"]["securitySchemes"]["token"] = json!({ "type": "http" }),
        |document| document["components"]["securitySchemes"]["header"]["in"] = json!("body"),
        |document| document["paths"]["/entries/{id}"]["get"]["responses"]["401"] = json!({}),
        |document| {
            document["paths"]["/entries/{id}"]["get"]["responses"]["401"]["content"]["application/problem+json"]["schema"] =
                json!({ "$ref": "#/components/schemas/Nothing" });
        },
    ];
    for (index, mistake) in mistakes.into_iter().enumerate() {
        let mut document = document();
        mistake(&mut document);
        assert_ne!(complaints(&document), Vec::<String>::new(), "mistake {index}");
    }
}

#[test]
fn r93_every_scheme_is_documented_with_its_settings() {
    // No operation requires a scope that its scheme does not list.
    let document: Value = serde_json::from_str(&Every::default().service(OfOneName, "One name", "1").spec()).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    let read_and_write = json!({ "entries:read": "Read entries", "entries:write": "Write entries" });
    let permissions = json!({
        "view": "View entries",
        "edit": "Update entries",
        "delete": "Delete entries",
        "products:create": "Create products",
    });
    let expected = json!({
        "user.name-and_password": {
            "type": "http",
            "scheme": "basic",
            "description": "With \"quotes\", `code`, <b>tags</b> and ünïcödë.",
        },
        "token": { "type": "http", "scheme": "bearer" },
        "jwt": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
        "listed": {
            "type": "oauth2",
            "description": "All flows",
            "flows": {
                "password": { "scopes": read_and_write, "tokenUrl": "/auth/token", "refreshUrl": "/auth/refresh" },
                "clientCredentials": { "scopes": read_and_write, "tokenUrl": "https://issuer.example/token" },
                "authorizationCode": {
                    "scopes": read_and_write,
                    "authorizationUrl": "https://issuer.example/authorize",
                    "tokenUrl": "https://issuer.example/token",
                },
                "implicit": { "scopes": read_and_write, "authorizationUrl": "https://issuer.example/authorize" },
            },
        },
        "permissions": {
            "type": "oauth2",
            "flows": { "clientCredentials": { "scopes": permissions, "tokenUrl": "/token" } },
        },
        "openid": {
            "type": "openIdConnect",
            "openIdConnectUrl": "https://issuer.example/.well-known/openid-configuration",
        },
        "header": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
        "query": { "type": "apiKey", "in": "query", "name": "api_key" },
        "cookie": { "type": "apiKey", "in": "cookie", "name": "key" },
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
        "directory": { "type": "http", "scheme": "LDAP" },
    });
    assert_eq!(*schemes, expected);
}

/// A client cannot use a document that lists a scope without a flow for it (RFC 6749).
#[test]
fn r93_a_scope_is_listed_at_schemes_that_have_it() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for alternative in operation["security"].as_array().unwrap() {
                for (name, scopes) in alternative.as_object().unwrap() {
                    let Some(flows) = schemes[name].get("flows").and_then(Value::as_object) else { continue };
                    for scope in scopes.as_array().unwrap() {
                        let scope = scope.as_str().unwrap();
                        let is_there = flows.values().any(|flow| flow["scopes"].get(scope).is_some());
                        assert!(is_there, "{method} {path}: `{scope}` is no scope of `{name}`");
                    }
                }
            }
        }
    }
}

/// A schema with the name of one of the library's.
#[derive(Object, Debug)]
struct AccessProblem {
    mine: bool,
}

struct OfOneName;

#[protected(auth = Every)]
#[OpenApi]
impl OfOneName {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn index(&self) -> Json<AccessProblem> {
        Json(AccessProblem { mine: true })
    }
}

#[test]
fn a_schema_of_the_application_is_not_replaced_by_the_librarys() {
    let document: Value = serde_json::from_str(&Every::default().service(OfOneName, "One name", "1").spec()).unwrap();
    let responses = &document["paths"]["/"]["get"]["responses"];
    for (status, content_type, property) in
        [("200", "application/json; charset=utf-8", "mine"), ("401", "application/problem+json", "code")]
    {
        let reference = responses[status]["content"][content_type]["schema"]["$ref"].as_str().unwrap();
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        assert!(schema["properties"][property].is_object(), "{status}: {schema}");
    }
}

#[test]
fn an_operation_is_documented_with_its_rule() {
    insta::assert_json_snapshot!(document()["paths"]["/entries/{id}"]["put"]);
}

#[tokio::test]
async fn a_problem_matches_its_documented_schema() {
    let document = document();
    let unauthorized = &document["paths"]["/entries/{id}"]["get"]["responses"]["401"]["content"];
    let reference = unauthorized["application/problem+json"]["schema"]["$ref"].as_str().unwrap();
    let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
    let validator = jsonschema::draft4::new(schema).unwrap();
    let app = Every::default().service(Api, "Every", "1").into_endpoint();
    let calls = [
        get("/entries/1"),
        get("/entries/1").credential(By::Token, "invalid"),
        get("/entries/1").credential(By::Token, "unavailable"),
        get("/entries/1").credential(By::Token, "a,b"),
        get("/entries/1").by(By::Key, &Caller::new("u")),
    ];
    for call in calls {
        let problem = call.to(&app).await.problem();
        assert!(validator.is_valid(&problem), "{problem}");
        let documented = schema["properties"].as_object().unwrap();
        assert!(problem.as_object().unwrap().keys().all(|key| documented.contains_key(key)), "{problem}");
    }
}

/// A documented response of the application keeps its content.
#[test]
fn an_operations_own_documentation_is_kept() {
    let document = document();
    let responses = &document["paths"]["/entries/{id}"]["put"]["responses"];
    assert_eq!(responses["400"]["description"], "Invalid request");
    assert_eq!(responses["200"]["description"], "Found");
    assert_eq!(document["paths"]["/entries/{id}"]["put"]["summary"], "Change an entry");
    let description = document["paths"]["/entries/{id}"]["put"]["description"].as_str().unwrap();
    assert!(description.starts_with("For editors and administrators.\n\n"), "{description}");
}
