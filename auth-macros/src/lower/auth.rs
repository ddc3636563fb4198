//! Lowers an `Auth` struct to its schemes.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::{Ident, LitInt, LitStr, ext::IdentExt};

use crate::{
    errors::Errors,
    model::{Auth, Flow, Scheme, SchemeKind},
    parse::auth::{self as input, Field, Kind},
};

pub(crate) fn lower(input: input::Auth, errors: &mut Errors) -> Auth {
    let overrides = single(&input.fields, |field| field.overrides, "overrides", errors).map(|field| field.name.clone());
    let events = single(&input.fields, |field| field.events, "events", errors);
    let events = events.map(|field| (field.name.clone(), field.ty.clone()));
    let names: Vec<String> = input.fields.iter().filter(|field| field.is_scheme).map(scheme_name).collect();
    a_scheme_is_declared(&input.name, names.len(), errors);
    let (mut seen, mut schemes) = (HashMap::new(), Vec::new());
    for field in input.fields {
        schemes.extend(scheme(field, &mut seen, errors));
    }
    a_location_is_ambient_for_all(&schemes, errors);
    let realm = input.options.realm.unwrap_or_else(|| LitStr::new("api", Span::call_site()));
    is_printable(&realm, "a realm", errors);
    if !errors.is_empty() {
        // The struct has an error already; its types cause no second one.
        schemes.clear();
    }
    Auth {
        name: input.name,
        generics: input.generics,
        permissions: input.options.permissions,
        roles: input.options.roles,
        realm,
        rejection: input.options.rejection,
        schemes,
        names,
        overrides,
        events,
    }
}

/// Returns the field with the attribute; a second one is an error.
fn single<'a>(
    fields: &'a [Field],
    has: impl Fn(&Field) -> bool,
    attribute: &str,
    errors: &mut Errors,
) -> Option<&'a Field> {
    let mut fields = fields.iter().filter(|field| has(field));
    let first = fields.next();
    for second in fields {
        errors.at(&second.name, format!("only one field can have `#[{attribute}]`: remove it here"));
    }
    first
}

fn a_scheme_is_declared(name: &Ident, schemes: usize, errors: &mut Errors) {
    if schemes == 0 && errors.is_empty() {
        errors.at(
            name,
            format!(
                "`{name}` declares no security scheme, so no caller can authenticate: put `#[scheme(..)]` on a field"
            ),
        );
    }
    if schemes > 64 {
        errors.at(name, "an `Auth` struct can have at most 64 security schemes");
    }
}

/// Schemes that read one header are all ambient, or none is: the cross-origin check must not depend on which one reads it.
fn a_location_is_ambient_for_all(schemes: &[Scheme], errors: &mut Errors) {
    for (position, scheme) in schemes.iter().enumerate() {
        let differs = |other: &&Scheme| header(&other.kind) == header(&scheme.kind) && other.ambient != scheme.ambient;
        if let (Some(_), Some(other)) = (header(&scheme.kind), schemes[..position].iter().find(differs)) {
            errors.at(
                &scheme.field,
                format!(
                    "`{}` and `{}` read the same header, and one of them is `ambient`: write `ambient` on both",
                    other.field, scheme.field
                ),
            );
        }
    }
}

/// Returns the header and the scheme of `Authorization` that a security scheme reads; `None` for a cookie or a query.
fn header(kind: &SchemeKind) -> Option<String> {
    match kind {
        SchemeKind::Basic => Some("authorization: basic".to_owned()),
        SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
            Some("authorization: bearer".to_owned())
        }
        SchemeKind::Http { scheme } => Some(format!("authorization: {}", scheme.value().to_ascii_lowercase())),
        SchemeKind::ApiKey { location: "Header", name } => Some(name.value().to_ascii_lowercase()),
        SchemeKind::ApiKey { .. } => None,
    }
}

/// Returns the name that the attribute gives, or the name of the field.
fn scheme_name(field: &Field) -> String {
    let renamed = field.schemes.first().and_then(|scheme| scheme.options.name.as_ref());
    renamed.map_or_else(|| field.name.unraw().to_string(), LitStr::value)
}

fn scheme(field: Field, names: &mut HashMap<String, Ident>, errors: &mut Errors) -> Option<Scheme> {
    let name = scheme_name(&field);
    let mut schemes = field.schemes.into_iter();
    let scheme = schemes.next()?;
    if field.overrides || field.events {
        errors.span(scheme.span, "a field can have only one of `#[scheme(..)]`, `#[overrides]` and `#[events]`");
    }
    for second in schemes {
        errors.span(second.span, "a field can have only one `#[scheme(..)]`: declare another field for the second");
    }
    let options = scheme.options;
    name_fits_openapi(&name, options.name.as_ref(), &field.name, errors);
    name_is_new(&name, options.name.as_ref(), &field.name, names, errors);
    let kind = kind(scheme.kind, scheme.span, errors);
    let max_len = options.max_len.and_then(|bound| max_len(&bound, errors));
    let ambient = options.ambient.is_some_and(|word| is_ambient(&kind, &word, errors));
    let silent = options.silent.is_some_and(|word| is_prompted_for(&kind, &word, errors));
    Some(Scheme {
        field: field.name,
        ty: field.ty,
        name,
        description: field.description,
        kind,
        max_len,
        ambient,
        silent,
    })
}

/// The name is a component key (OpenAPI 3.0, section 4.7.7).
fn name_fits_openapi(name: &str, written: Option<&LitStr>, field: &Ident, errors: &mut Errors) {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
        let message = format!(
            "`{name}` cannot name a security scheme in OpenAPI: use letters, digits, `.`, `-` and `_`, as in `name = \"api-key\"`"
        );
        match written {
            Some(written) => errors.at(written, message),
            None => errors.at(field, message),
        }
    }
}

fn name_is_new(
    name: &str,
    written: Option<&LitStr>,
    field: &Ident,
    names: &mut HashMap<String, Ident>,
    errors: &mut Errors,
) {
    if let Some(first) = names.insert(name.to_owned(), field.clone()) {
        let message = format!(
            "the scheme of the field `{first}` already has the name `{name}`: set another `name = \"..\"` here"
        );
        match written {
            Some(written) => errors.at(written, message),
            None => errors.at(field, message),
        }
    }
}

fn kind(kind: Kind, span: Span, errors: &mut Errors) -> SchemeKind {
    match kind {
        Kind::Basic => SchemeKind::Basic,
        Kind::Bearer { format } => SchemeKind::Bearer { format },
        Kind::OAuth2 { flows, scopes } => {
            a_flow_is_declared(&flows, span, errors);
            scopes_are_distinct(scopes.as_deref().unwrap_or_default(), errors);
            SchemeKind::OAuth2 { flows: flows.iter().map(|each| flow(each, errors)).collect(), scopes }
        }
        Kind::OpenIdConnect { url } => {
            is_absolute_url(&url, errors);
            SchemeKind::OpenIdConnect { url }
        }
        Kind::ApiKey { location, name } => api_key(&location.to_string(), name, errors),
        Kind::Http { scheme } => {
            is_token(&scheme, "a scheme", errors);
            scheme_has_no_word_of_its_own(&scheme, errors);
            SchemeKind::Http { scheme }
        }
    }
}

/// Returns the bound on a credential. Zero would reject every one.
fn max_len(bound: &LitInt, errors: &mut Errors) -> Option<usize> {
    match bound.base10_parse() {
        Ok(0) => errors
            .at(bound, "`max_len = 0` would reject every credential: set a limit in bytes, such as `max_len = 32_768`"),
        Ok(bound) => return Some(bound),
        Err(_) => errors.at(bound, "expected a number of bytes: `max_len = 32_768`"),
    }
    None
}

/// Whether the location is one that a proxy or a browser can fill. A cookie is ambient without the word.
fn is_ambient(kind: &SchemeKind, word: &Ident, errors: &mut Errors) -> bool {
    let is_header = !matches!(kind, SchemeKind::ApiKey { location: "Cookie" | "Query", .. });
    if !is_header {
        errors
            .at(word, "`ambient` is only for headers: remove it; the cross-origin check always applies to a cookie, and never to the query");
    }
    is_header
}

/// Whether browsers open a window for the challenge of the scheme.
fn is_prompted_for(kind: &SchemeKind, word: &Ident, errors: &mut Errors) -> bool {
    let is_basic = matches!(kind, SchemeKind::Basic);
    if !is_basic {
        errors.at(word, "`silent_for_scripts` is only for `basic`, whose challenge makes a browser open a password dialog: remove it");
    }
    is_basic
}

fn api_key(location: &str, name: LitStr, errors: &mut Errors) -> SchemeKind {
    let location = match location {
        "header" => {
            header_is_free(&name, errors);
            "Header"
        }
        "query" => {
            is_token(&name, "a parameter name", errors);
            "Query"
        }
        _ => {
            is_token(&name, "a cookie name", errors);
            "Cookie"
        }
    };
    SchemeKind::ApiKey { location, name }
}

fn a_flow_is_declared(flows: &[input::Flow], span: Span, errors: &mut Errors) {
    if flows.is_empty() {
        errors.span(span, "`oauth2` needs a flow, such as `oauth2(password(token_url = \"/auth/token\"))`");
    }
    for (index, flow) in flows.iter().enumerate() {
        if flows[..index].iter().any(|earlier| earlier.grant == flow.grant) {
            errors.at(&flow.grant, format!("the flow `{}` appears twice: remove one", flow.grant));
        }
    }
}

/// A flow has the URLs that it needs, and no others (OpenAPI 3.0, section 4.7.27).
fn flow(flow: &input::Flow, errors: &mut Errors) -> Flow {
    let (grant, token, authorization) = match flow.grant.to_string().as_str() {
        "password" => ("Password", true, false),
        "client_credentials" => ("ClientCredentials", true, false),
        "authorization_code" => ("AuthorizationCode", true, true),
        _ => ("Implicit", false, true),
    };
    let token_url = url(flow, "token_url", token, errors);
    let authorization_url = url(flow, "authorization_url", authorization, errors);
    let refresh_url = flow.urls.iter().find(|(word, _)| word == "refresh_url").map(|(_, url)| url.clone());
    Flow { grant, authorization_url, token_url, refresh_url }
}

fn url(flow: &input::Flow, word: &str, needed: bool, errors: &mut Errors) -> Option<LitStr> {
    let mut given = flow.urls.iter().filter(|(written, _)| written == word);
    let first = given.next();
    if let Some((again, _)) = given.next() {
        errors.at(again, format!("`{word}` is set twice: remove one"));
    }
    match (first, needed) {
        (None, true) => errors.at(&flow.grant, format!("the flow `{}` needs `{word} = \"..\"`", flow.grant)),
        (Some((written, _)), false) => {
            errors.at(written, format!("the flow `{}` takes no `{word}`: remove it", flow.grant));
        }
        _ => {}
    }
    first.map(|(_, url)| url.clone())
}

fn scopes_are_distinct(scopes: &[(LitStr, LitStr)], errors: &mut Errors) {
    for (index, (scope, _)) in scopes.iter().enumerate() {
        if scopes[..index].iter().any(|(earlier, _)| earlier.value() == scope.value()) {
            errors.at(scope, format!("the scope `{}` is listed twice: remove one", scope.value()));
        }
        // RFC 6749, section 3.3.
        if scope.value().is_empty() || !scope.value().chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\') {
            errors.at(scope, "a scope must be visible ASCII, without spaces, double quotes and backslashes");
        }
    }
}

fn is_absolute_url(url: &LitStr, errors: &mut Errors) {
    let text = url.value();
    if !(text.starts_with("https://") || text.starts_with("http://") || text.starts_with('/')) {
        errors.at(url, "expected a URL such as `\"https://issuer.example/.well-known/openid-configuration\"`");
    }
}

/// OpenAPI ignores a header of this name, so the document would show an open operation.
fn header_is_free(name: &LitStr, errors: &mut Errors) {
    is_token(name, "a header name", errors);
    if name.value().eq_ignore_ascii_case("authorization") {
        errors.at(name, "the `Authorization` header needs an HTTP authentication scheme: write `bearer`, `basic` or `http = \"..\"` instead");
    }
}

fn scheme_has_no_word_of_its_own(scheme: &LitStr, errors: &mut Errors) {
    let lower = scheme.value().to_ascii_lowercase();
    if matches!(lower.as_str(), "basic" | "bearer") {
        errors.at(scheme, format!("the scheme `{}` has its own keyword: write `#[scheme({lower})]`", scheme.value()));
    }
}

/// A token (RFC 9110, section 5.6.2).
fn is_token(text: &LitStr, what: &str, errors: &mut Errors) {
    let value = text.value();
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)) {
        errors.at(text, format!("`{value}` cannot be {what}: use letters, digits and `-`"));
    }
}

fn is_printable(text: &LitStr, what: &str, errors: &mut Errors) {
    let value = text.value();
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        errors.at(text, format!("{what} must be a text of visible ASCII characters and spaces"));
    }
}
