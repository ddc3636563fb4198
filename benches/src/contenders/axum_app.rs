//! Contenders that are axum routers.

use std::{
    cell::RefCell,
    hint::black_box,
    rc::Rc,
    task::{Context, Waker},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    routing::RouterIntoService,
};
use futures_util::FutureExt;
use tokio::runtime::Runtime;
use tower_service::Service;

use crate::{
    case::Case,
    contender::{Answer, Contender, HEADERS, Shared, Work, runtime},
    credentials::{Credentials, Sent},
    entry::PATH,
};

/// A router and the credentials of its callers.
pub struct AxumApp {
    name: String,
    service: RefCell<RouterIntoService<Body>>,
    credentials: Credentials,
    runtime: Rc<Runtime>,
}

impl AxumApp {
    /// Returns a contender for this router, called with these credentials.
    pub fn shared(name: impl Into<String>, router: Router, credentials: Credentials) -> Shared {
        let service = RefCell::new(router.into_service());
        Rc::new(Self { name: name.into(), service, credentials, runtime: runtime() })
    }

    fn request(&self, case: Case) -> Result<Request, &'static str> {
        let mut request = Request::builder().uri(PATH).body(Body::empty()).expect("a request");
        request.headers_mut().extend(HEADERS.map(|(name, value)| (Some(name), value)));
        match self.credentials.sent(case) {
            Sent::Nothing => {}
            Sent::Header(name, value) => drop(request.headers_mut().insert(name, value.clone())),
            Sent::NoSuchCase(reason) => return Err(reason),
        }
        Ok(request)
    }
}

impl Contender for AxumApp {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, case: Case) -> Result<Answer, &'static str> {
        let request = self.request(case)?;
        Ok(self.runtime.block_on(async {
            let answering = self.service.borrow_mut().call(request);
            let response = answering.await.unwrap_or_else(|never| match never {});
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.ok();
            Answer { status, body: body.and_then(|body| String::from_utf8(body.into()).ok()) }
        }))
    }

    fn work(&self, case: Case, count: usize, measure: &mut dyn FnMut(Work<'_>)) {
        let mut requests: Vec<Request> = (0..count).filter_map(|_| self.request(case).ok()).collect();
        let mut service = self.service.borrow_mut();
        let _inside = self.runtime.enter();
        measure(&mut || {
            for request in requests.drain(..) {
                let ready = Service::<Request>::poll_ready(&mut *service, &mut Context::from_waker(Waker::noop()));
                assert!(ready.is_ready(), "an axum router is always ready");
                black_box(service.call(request).now_or_never().expect("it does not wait")).ok();
            }
        });
    }
}
