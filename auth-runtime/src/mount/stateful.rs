//! Operations that get the state of a request. A public operation without extractors needs none, and skips its cost.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use poem::{
    Request, Response, Result,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::Method,
};
use poem_openapi::registry::MetaOperation;

use super::{openapi::Row, protected::Protected};
use crate::{
    guard::{AuthConfig, MountedAuth, RequestAuth},
    policy::Access,
};

/// The operations of each path, as poem-openapi routes them.
pub(super) type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// An operation whose rule and extractors find the `Auth`. An `Endpoint` would box one more future for each request.
struct StatefulEndpoint<A> {
    auth: Arc<MountedAuth<A>>,
    inner: BoxEndpoint<'static>,
}

impl<A: AuthConfig> DynEndpoint for StatefulEndpoint<A> {
    type Output = Response;

    fn call(&self, mut request: Request) -> BoxFuture<'_, Result<Response>> {
        RequestAuth::put(&self.auth, &mut request);
        DynEndpoint::call(&*self.inner, request)
    }
}

/// Gives each operation the state, except those that certainly need none.
///
/// An operation that needs the state and does not get it rejects each request with 500.
pub(super) fn provide<T>(routes: &mut Routes, auth: &Arc<MountedAuth<T::Auth>>, rows: &[Row<T::Auth>])
where
    T: Protected<Auth: AuthConfig>,
{
    let needs = needs::<T>(rows);
    for (path, methods) in routes {
        let stateless = |method: &Method| needs.get(&(path.clone(), method.to_string())) == Some(&false);
        let stateful = |inner| Box::new(StatefulEndpoint { auth: Arc::clone(auth), inner });
        let provided =
            |(method, inner)| if stateless(&method) { (method, inner) } else { (method, stateful(inner) as _) };
        *methods = std::mem::take(methods).into_iter().map(provided).collect();
    }
}

/// Returns for each path and method whether an operation there needs the state.
fn needs<T: Protected<Auth: AuthConfig>>(rows: &[Row<T::Auth>]) -> BTreeMap<(String, String), bool> {
    let mut needs = BTreeMap::new();
    for path in T::meta().into_iter().flat_map(|api| api.paths) {
        for operation in &path.operations {
            let place = (routed(&path.path), operation.method.to_string());
            *needs.entry(place).or_default() |= !is_stateless(operation, rows);
        }
    }
    needs
}

/// Whether each operation with this identifier is public, and has parameters and a body as its only arguments.
fn is_stateless<A: AuthConfig>(operation: &MetaOperation, rows: &[Row<A>]) -> bool {
    let [security] = operation.security.as_slice() else { return false };
    let mut rows = rows.iter().filter(|row| security.contains_key(row.id.as_str())).peekable();
    let is_public = |row: &Row<A>| matches!(row.operation.access(), Access::Public { .. });
    rows.peek().is_some() && rows.all(|row| is_public(row) && row.arguments.is_empty() && !row.has_extractor)
}

/// Returns the path of a document as poem-openapi routes it: `/entries/{id}` is `/entries/:param0`.
fn routed(path: &str) -> String {
    let mut parameters = 0..;
    let segments = path.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(_) => format!(":param{}", parameters.next().unwrap_or(0)),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(all(test, feature = "api-key"))]
mod tests {
    use poem::Request;
    use poem_openapi::{OpenApi, param::Path, payload::PlainText};

    use super::{Routes, needs, routed};
    use crate::{mount::protected::rows, prelude::*};

    #[derive(Auth, Clone)]
    struct KeyAuth {
        #[scheme(api_key(header = "X-API-Key"))]
        key: ApiKeys,
    }

    struct Entries(&'static str);

    #[protected(auth = KeyAuth)]
    #[OpenApi(prefix_path = "/entries")]
    impl Entries {
        #[public(reason = "has parameters only")]
        #[oai(path = "/:id", method = "get")]
        async fn one(&self, id: Path<u32>) -> PlainText<String> {
            PlainText(format!("{} {}", self.0, *id))
        }

        #[public(reason = "reads the request")]
        #[oai(path = "/:id", method = "post")]
        async fn path(&self, request: &Request, id: Path<u32>) -> PlainText<String> {
            PlainText(format!("{} {} {}", self.0, request.uri(), *id))
        }

        #[protected]
        #[oai(path = "/:id", method = "put")]
        async fn other(&self, id: Path<u32>) -> PlainText<String> {
            PlainText(format!("{} {}", self.0, *id))
        }
    }

    #[test]
    fn only_a_public_operation_without_extractors_needs_no_state() {
        let mut routes = Routes::new();
        Entries("entry").add_routes(&mut routes);
        let needs = needs::<Entries>(&rows::<Entries>());
        for (method, expected) in [("GET", false), ("POST", true), ("PUT", true)] {
            assert_eq!(needs[&("/entries/:param0".to_owned(), method.to_owned())], expected, "{method}");
        }
        assert_eq!(routes.keys().collect::<Vec<_>>(), ["/entries/:param0"]);
    }

    #[test]
    fn parameters_are_numbered() {
        for (documented, path) in [
            ("/", "/"),
            ("/entries", "/entries"),
            ("/entries/{id}", "/entries/:param0"),
            ("/a/{b}/c/{d}/e", "/a/:param0/c/:param1/e"),
        ] {
            assert_eq!(routed(documented), path);
        }
    }
}
