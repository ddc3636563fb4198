use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem::{
    Endpoint, EndpointExt, Middleware, Request, Result, Route, delete,
    endpoint::make_sync,
    get, handler,
    middleware::{AddData, Cors, SetHeader},
};

/// A middleware of the application, inside of the rules.
struct Counted;

impl<E: Endpoint> Middleware<E> for Counted {
    type Output = CountedEndpoint<E>;

    fn transform(&self, endpoint: E) -> CountedEndpoint<E> {
        CountedEndpoint(endpoint)
    }
}

struct CountedEndpoint<E>(E);

impl<E: Endpoint> Endpoint for CountedEndpoint<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        self.0.call(request).await
    }
}

const ADMINISTRATORS: &Operation<Auth> = requirement!(role("Administrator"));

#[permission("view")]
#[handler]
fn list() -> &'static str {
    "list"
}

#[protected(ADMINISTRATORS)]
#[handler]
async fn clear(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}

fn main() {
    let app = || {
        let files = Route::new().at("/*path", make_sync(|_| "a file")).with(Counted);
        Route::new()
            .at("/entries", get(list).delete(clear))
            .at("/one", delete(clear.with(Counted)))
            .nest("/files", files.protect(ADMINISTRATORS).with(SetHeader::new().appending("x-files", "1")))
            .with((Cors::new(), AddData::new(1)))
            .with(auth())
    };
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(app(), "DELETE /entries", "alice.Viewer"), 403);
    assert_eq!(status(app(), "DELETE /one", "alice.Administrator"), 200);
    assert_eq!(status(app(), "GET /files/a/b", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /files/a/b", "alice.Administrator"), 200);
    assert_eq!(status(app(), "GET /files/a/b", ""), 401);
}
