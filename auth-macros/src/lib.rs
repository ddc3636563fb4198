//! The macros of `auth-runtime`. Depend on that crate: it re-exports them.
//!
//! Each macro takes three steps: `parse` turns tokens into an input, `lower` turns the input into a model, and `expand`
//! turns the model into tokens. The `expand_*` functions at the end of this file call the steps. Each step adds its
//! errors to `errors::Errors`, so that one build shows them all.

mod editor;
mod errors;
mod expand;
mod lower;
mod model;
mod parse;
mod paths;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::{Span, TokenStream as TokenStream2};
use quote::quote;
use syn::DeriveInput;

use crate::{
    errors::Errors,
    expand::editor::Editor,
    parse::{
        attribute::{AttributeName, RuleAttribute},
        cfg::Configured,
        item::{Code, Item},
        table::{Permissions, Roles},
    },
    paths::Private,
};

/// Requires authentication, and that the caller meets its clauses.
///
/// Write it on an impl block above `#[OpenApi]` or `#[Tools]`, on operations of the block, or on a handler above
/// `#[handler]`.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # use poem_openapi::{OpenApi, param::Path, payload::PlainText};
/// # permissions! { pub enum Permission { View = "view", Edit = "edit" } }
/// # roles! { pub enum Role: Permission { Administrator = "Administrator" => all } }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// # struct Entries;
/// #[protected] // reads `Auth` from scope; `#[protected(auth = path)]` names another one
/// #[OpenApi]
/// impl Entries {
///     /// Any authenticated caller.
///     #[protected]
///     #[oai(path = "/me", method = "get")]
///     async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
///         PlainText(caller.subject().to_owned())
///     }
///
///     #[protected(any(role("Administrator"), all(permission("edit"), check = owner.as_str() == caller.subject())))]
///     #[oai(path = "/entries/:owner", method = "delete")]
///     async fn clear(&self, caller: Principal<Auth>, owner: Path<String>) {}
/// }
/// ```
///
/// | clause | is met by |
/// |---|---|
/// | `roles = "A"`, `roles("A", "B")`, `role("A")` | a caller with one of the roles |
/// | `all_roles("A", "B")` | a caller with all of them |
/// | `permission("a")`, `permissions("a", "b")` | a caller with all the permissions |
/// | `any_permission("a", "b")` | a caller with one of them |
/// | `scopes("a", "b")` | a caller whose token carries all the OAuth 2 scopes |
/// | `schemes("a", "b")` | a caller who used one of the schemes |
/// | `fresh = "5m"` | a caller who signed in during that time (`s`, `m`, `h`, `d`) |
/// | `claim("tenant" = "acme")` | a caller whose claim has the value (a string, an integer, `true` or `false`), or is a list with the string |
/// | `acr("gold", "silver")` | a caller who signed in under one of the authentication context classes |
/// | `check = expression`, `check("name") = expression` | any caller for which the expression is true; it borrows the handler's arguments |
/// | `RULE` | a caller that meets the rule in this constant, made by `requirement!` |
/// | `any(..)`, `all(..)`, `not(..)` | combinations; `#[protected(a, b)]` means `all(a, b)` |
/// | `authenticated` | any authenticated caller |
/// | `hide` | not a condition: a denied caller gets 404 instead of 403; without a credential, it still gets 401 |
///
/// Names are strings or paths (`Role::Administrator`). Clauses on an impl block are its *floor*: they apply to every
/// operation in it that is not `#[public]`.
///
/// `auth = path` sets the `Auth` type, which may be a type parameter of the impl block (default: `Auth` in scope).
/// `crate = path` sets the path of the library, for a crate that only depends on a re-export of it.
#[proc_macro_attribute]
pub fn protected(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_attribute(AttributeName::Protected, arguments.into(), item.into()).into()
}

/// Requires a permission: `#[permission("view")]` or `#[permission(Permission::View)]`.
///
/// Write it on an operation of an impl block with `#[protected]`, or above `#[handler]`. If there are several
/// attributes, the caller must meet all of them.
#[proc_macro_attribute]
pub fn permission(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_attribute(AttributeName::Permission, arguments.into(), item.into()).into()
}

/// Admits every caller and ignores credentials: `#[public(reason = "liveness probe")]`.
///
/// Reviewers read the reason in the list of public operations. Only this attribute exempts an operation from the
/// clauses of its impl block.
#[proc_macro_attribute]
pub fn public(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_attribute(AttributeName::Public, arguments.into(), item.into()).into()
}

/// Admits anonymous callers, but rejects an invalid credential. The function takes `Option<Principal<Auth>>`. A caller
/// with a session that has ended, or with a sign-in that is not complete, is anonymous.
///
/// Clauses, as in `#[optional_auth(not(role("Suspended")))]`, apply only to authenticated callers. A `check` applies to
/// anonymous callers too.
#[proc_macro_attribute]
pub fn optional_auth(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_attribute(AttributeName::OptionalAuth, arguments.into(), item.into()).into()
}

/// Declares the permissions of an application, with a typed constant for each name.
///
/// ```
/// use auth_runtime::prelude::*;
///
/// permissions! {
///     /// The permissions of a caller.
///     pub enum Permission {
///         /// View entries
///         View = "view",
///         /// Create products
///         ProductsCreate = "products:create",
///     }
/// }
///
/// assert_eq!("view".parse(), Ok(Permission::View));
/// assert_eq!(Permission::ProductsCreate.to_string(), "products:create");
/// assert_eq!(Permission::View.description(), "View entries");
/// const BOTH: PermissionSet = Permission::set(Permission::ALL);
/// assert!(BOTH.contains(Permission::View));
/// ```
///
/// A variant with a type includes the permissions of that type, such as those of a plug-in:
///
/// ```
/// mod comments {
///     auth_runtime::permissions! { pub enum Permission { Write = "comments:write" } }
/// }
///
/// auth_runtime::permissions! {
///     pub enum Permission {
///         View = "view",
///         Comments(comments::Permission),
///     }
/// }
///
/// assert_eq!("comments:write".parse(), Ok(Permission::Comments(comments::Permission::Write)));
/// ```
#[proc_macro]
pub fn permissions(input: TokenStream) -> TokenStream {
    expand_permissions(input.into()).into()
}

/// Declares the roles of an application, each with its permissions.
///
/// A role has the permissions that it lists after `=>` (variants, names, patterns such as `"orders:*"`, or `all`), and
/// those of its parents after `:`. Join several parents with `+`: `Editor = "Editor": Viewer + Commenter => [Edit]`.
///
/// ```
/// use auth_runtime::prelude::*;
///
/// permissions! { pub enum Permission { View = "view", Edit = "edit", Delete = "delete" } }
/// roles! {
///     /// The roles of the staff.
///     pub enum Role: Permission {
///         /// Reads
///         Viewer = "Viewer" => [View],
///         /// Reads and writes
///         User = "User": Viewer => [Edit],
///         /// Does everything
///         Administrator = "Administrator" => all,
///     }
/// }
///
/// const USER: PermissionSet = Role::User.permissions();
/// assert!(USER.contains(Permission::View) && !USER.contains(Permission::Delete));
/// ```
#[proc_macro]
pub fn roles(input: TokenStream) -> TokenStream {
    expand_roles(input.into()).into()
}

/// Makes a rule for [`protect`](../auth_runtime/mount/trait.Protect.html#method.protect). It takes the clauses of
/// `#[protected]` except `check`. A rule in a constant can be a clause of other rules: `#[protected(EDITORS)]`.
///
/// With `auth = path`, the path may be a type parameter. `cargo build` then checks the names in the clauses, and
/// `cargo check` does not.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # permissions! { pub enum Permission { View = "view" } }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// let files = poem::Route::new().at("/", poem::endpoint::make_sync(|_| "a file"));
/// let files = files.protect(requirement!(permission("view"), hide));
/// ```
#[proc_macro]
pub fn requirement(input: TokenStream) -> TokenStream {
    expand_requirement(&input.into()).into()
}

/// States invariants of roles and permissions, which the compiler checks, and of routes, which a test checks.
///
/// ```
/// # use auth_runtime::{prelude::*, review::AccessPolicy};
/// permissions! {
///     pub enum Permission { View = "view", Delete = "delete", Approve = "orders:approve", Pay = "orders:pay" }
/// }
/// roles! {
///     pub enum Role: Permission {
///         Viewer = "Viewer" => [View],
///         Approver = "Approver": Viewer => [Approve],
///         Payer = "Payer": Viewer => [Pay],
///         Administrator = "Administrator": Viewer => [Delete],
///     }
/// }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
///
/// invariants! {
///     only(Administrator, "delete");
///     never(Viewer, "orders:*");
///     separate(Approver, Payer);
///     max_public = 3;
/// }
///
/// let policy = AccessPolicy::of::<Auth>().invariants(INVARIANTS).build();
/// ```
///
/// | invariant | checked by | meaning |
/// |---|---|---|
/// | `only(Role, .., permission)` | the compiler | no other role has the permission |
/// | `never(Role, .., permission)` | the compiler | none of these roles has the permission |
/// | `separate(Role, Role, ..)` | the compiler | separation of duties, for each pair of these roles. Each role of the pair must have an *exclusive* permission, which the other role lacks. No third role may have exclusive permissions of both roles of the pair |
/// | `max_public = N` | `AccessPolicyBuilder::build`, if [`invariants`](../auth_runtime/review/struct.AccessPolicyBuilder.html#method.invariants) got the constant | at most `N` operations admit anonymous callers |
///
/// A permission may be a pattern such as `"orders:*"`. Names are identifiers, strings or paths (`Role::Administrator`).
/// `auth = path;` and `crate = path;` work as in `#[protected]`.
///
/// Invariants apply to roles, not to users: a user with two roles has the permissions of both.
#[proc_macro]
pub fn invariants(input: TokenStream) -> TokenStream {
    expand_invariants(input.into()).into()
}

/// Turns a struct of authenticators into the `Auth` of an application.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # permissions! { pub enum Permission { View = "view" } }
/// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
/// /// How callers prove who they are. Field order is the order in which credentials are looked for.
/// #[derive(Auth, Clone)]
/// #[auth(permissions = Permission, roles = Role, realm = "entry book")]
/// struct Auth {
///     /// Access token from `/auth/token`.
///     #[scheme(oauth2(password(token_url = "/auth/token")))]
///     access_token: Jwt,
///     /// User name and password.
///     #[scheme(basic)]
///     password: Basic,
///     /// Key of a machine client.
///     #[scheme(api_key(header = "X-API-Key"), name = "machine")]
///     key: ApiKeys,
///     /// Permissions of single callers.
///     #[overrides]
///     overrides: PermissionOverrides<Permission>,
/// }
/// ```
///
/// A scheme sets the location of the credential and its OpenAPI documentation. The value of the field verifies the
/// credential.
///
/// | scheme | location of the credential |
/// |---|---|
/// | `basic` | `Authorization: Basic`, user name and password (RFC 7617) |
/// | `bearer`, `bearer(format = "JWT")` | `Authorization: Bearer` (RFC 6750) |
/// | `oauth2(FLOW(..), ..)` | `Authorization: Bearer`, from an authorization server; flows `password`, `client_credentials`, `authorization_code`, `implicit` with `token_url`, `authorization_url`, `refresh_url`; `scopes("name" = "description", ..)` lists the scopes of this scheme (default: the declared permissions) |
/// | `openid_connect(url = "..")` | `Authorization: Bearer`, from an OpenID Connect provider |
/// | `http = ".."` | any other scheme of the `Authorization` header, such as `Token` |
/// | `header = ".."` | a named header; the same as `api_key(header = "..")` |
/// | `cookie = ".."` | a cookie; the same as `api_key(cookie = "..")` |
/// | `api_key(query = "..")` | a parameter of the query |
///
/// Options after the scheme:
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = ".."` | the name of the scheme in the OpenAPI document | the name of the field |
/// | `max_len = N` | the maximum length of the credential in bytes; a larger one is rejected with 431 | 16 KiB |
/// | `ambient` | a proxy or a browser adds the header on its own, so the cross-origin check of cookies applies to it | for cookies, and for the headers of well-known proxies such as `Cf-Access-Jwt-Assertion` |
/// | `silent_for_scripts` | only for `basic`: a `fetch` gets the challenge `xBasic`, for which browsers open no password dialog | `Basic` for all requests |
///
/// Other fields have `#[overrides]`, for permissions of single callers, or `#[events]`, for an
/// [`EventSink`](../auth_runtime/event/trait.EventSink.html) that receives each decision.
///
/// On the struct, `#[auth(..)]` takes `permissions`, `roles`, `realm` (the realm of challenges; default: `api`), and
/// `rejection = path` for a function that builds the body of refusals. `crate = path` works as in `#[protected]`.
#[proc_macro_derive(Auth, attributes(auth, scheme, overrides, events))]
pub fn auth(input: TokenStream) -> TokenStream {
    expand_auth(input.into()).into()
}

/// Expands an attribute whose item has `#[cfg]`s inside, after the compiler has evaluated them.
#[doc(hidden)]
#[proc_macro]
pub fn __configured(input: TokenStream) -> TokenStream {
    expand_configured(input.into()).into()
}

/// `#[protected]`, `#[permission]`, `#[public]` and `#[optional_auth]`: in two rounds if there are `#[cfg]`s inside.
fn expand_attribute(name: AttributeName, arguments: TokenStream2, item: TokenStream2) -> TokenStream2 {
    let code = Code::parse(&item);
    let predicates = parse::cfg::predicates(&code);
    if predicates.is_empty() {
        return expand_rule(Configured { name, span: Span::call_site(), arguments, item, code });
    }
    let rule = RuleAttribute::parse(name, Span::call_site(), arguments.clone());
    match Private::locate(rule.ok().and_then(|rule| rule.library).as_ref()) {
        Ok(p) => expand::cfg::expand(name, &arguments, &item, &predicates, &p),
        Err(error) => error.into_compile_error(),
    }
}

/// `__configured!`: the second round.
fn expand_configured(input: TokenStream2) -> TokenStream2 {
    syn::parse2(input).map_or_else(syn::Error::into_compile_error, expand_rule)
}

/// An attribute on the item that it protects.
fn expand_rule(Configured { name, span, arguments, item, code }: Configured) -> TokenStream2 {
    let mut errors = Errors::default();
    let rule = RuleAttribute::parse(name, span, arguments.clone());
    let library = rule.as_ref().ok().and_then(|rule| rule.library.clone());
    let Some(p) = errors.ok(Private::locate(library.as_ref())) else {
        return errors.beside(expand::misplaced::expand(item, None));
    };
    match Item::of(name, code, &item) {
        Item::Api(open_api, block) => {
            let written = editor::is_running().then(|| block.clone());
            let api = lower::api::lower(rule, span, open_api, *block, &mut errors);
            errors.beside(match written {
                Some(written) => Editor { p: &p, auth: &api.auth }.api(*written, &arguments),
                None => expand::api::expand(&api, &p),
            })
        }
        Item::Tools(attribute, block) => {
            let written = editor::is_running().then(|| block.clone());
            let tools = lower::mcp_tools::lower(rule, attribute, *block, &mut errors);
            errors.beside(match written {
                Some(written) => Editor { p: &p, auth: &tools.auth }.tools(*written, &arguments),
                None => expand::mcp_tools::expand(&tools, &p),
            })
        }
        Item::Handler(attribute, function) => {
            let written = editor::is_running().then(|| function.clone());
            let handler = lower::handler::lower(rule, attribute, *function, &mut errors);
            errors.beside(match written {
                Some(written) => {
                    Editor { p: &p, auth: &handler.auth }.handler(&handler.attribute, *written, name, &arguments)
                }
                None => expand::handler::expand(&handler, &p),
            })
        }
        Item::Misplaced(message) => {
            errors.span(span, message);
            errors.beside(expand::misplaced::expand(item, Some(&p)))
        }
    }
}

fn expand_permissions(input: TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    let Some(input) = errors.ok(syn::parse2::<Permissions>(input)) else { return errors.into_tokens() };
    let Some(p) = errors.ok(Private::locate(input.head.library.as_ref())) else { return errors.into_tokens() };
    let table = lower::table::permissions(input, &mut errors);
    let names = editor::is_running().then(|| expand::editor::permissions(&table, &p));
    let expanded = expand::table::permissions(&table, &p);
    errors.beside(quote!(#expanded #names))
}

fn expand_roles(input: TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    let Some(input) = errors.ok(syn::parse2::<Roles>(input)) else { return errors.into_tokens() };
    let Some(p) = errors.ok(Private::locate(input.head.library.as_ref())) else { return errors.into_tokens() };
    let (table, permissions) = lower::table::roles(input, &mut errors);
    let names = editor::is_running().then(|| expand::editor::roles(&table, &permissions, &p));
    let expanded = expand::table::roles(&table, &permissions, &p);
    errors.beside(quote!(#expanded #names))
}

fn expand_requirement(input: &TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    let (clauses, library) = errors.ok(parse::attribute::requirement(input.clone())).unwrap_or_default();
    let (auth, access) = lower::access::requirement(clauses, &mut errors);
    let Some(p) = errors.ok(Private::locate(library.as_ref())) else { return errors.into_block() };
    let has_errors = !errors.is_empty();
    let value = if has_errors { errors.into_block() } else { expand::requirement::expand(&auth, &access, &p) };
    if editor::is_running() { Editor { p: &p, auth: &auth }.requirement(input, &value) } else { value }
}

fn expand_invariants(input: TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    let Some(invariants) = errors.ok(syn::parse2(input)) else { return errors.into_tokens() };
    let invariants: parse::invariants::Invariants = invariants;
    match errors.ok(Private::locate(invariants.library.as_ref())) {
        Some(p) => errors.beside(expand::invariants::expand(&invariants, &p)),
        None => errors.into_tokens(),
    }
}

fn expand_auth(input: TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    let Some(written) = errors.ok(syn::parse2::<DeriveInput>(input)) else { return errors.into_tokens() };
    let input = parse::auth::Auth::parse(written.clone(), &mut errors);
    let Some(p) = errors.ok(Private::locate(input.options.library.as_ref())) else { return errors.into_tokens() };
    let auth = lower::auth::lower(input, &mut errors);
    let words = editor::is_running().then(|| expand::editor::auth(&written, &p));
    let expanded = expand::auth::expand(&auth, &p);
    // The words come first: a half-typed one must not move them.
    errors.beside(quote!(#words #expanded))
}
