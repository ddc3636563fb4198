//! Contenders that are Poem endpoints.

use std::{hint::black_box, rc::Rc};

use futures_util::FutureExt;
use poem::{Endpoint, Request};
use tokio::runtime::Runtime;

use crate::{
    case::Case,
    contender::{Answer, Contender, HEADERS, Shared, Work, runtime},
    credentials::{Credentials, Sent},
    entry::PATH,
};

/// The request without a credential, and how its response has the entry.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    pub(super) request: fn() -> Request,
    /// Returns the entry in the body of a response.
    pub(super) entry: fn(String) -> String,
}

/// `GET /entries/42`.
const OPERATION: Exchange = Exchange { request: || Request::builder().uri_str(PATH).finish(), entry: |body| body };

/// An endpoint and the credentials of its callers.
pub struct PoemApp<E> {
    name: String,
    endpoint: E,
    credentials: Credentials,
    exchange: Exchange,
    runtime: Rc<Runtime>,
}

impl<E: Endpoint + 'static> PoemApp<E> {
    /// Returns a contender for this endpoint, called with these credentials.
    pub fn shared(name: impl Into<String>, endpoint: E, credentials: Credentials) -> Shared {
        Self::with(name, endpoint, credentials, OPERATION)
    }

    /// Returns a contender that gets another request.
    pub(super) fn with(name: impl Into<String>, endpoint: E, credentials: Credentials, exchange: Exchange) -> Shared {
        Rc::new(Self { name: name.into(), endpoint, credentials, exchange, runtime: runtime() })
    }

    fn request(&self, case: Case) -> Result<Request, &'static str> {
        let mut request = (self.exchange.request)();
        request.headers_mut().extend(HEADERS.map(|(name, value)| (Some(name), value)));
        match self.credentials.sent(case) {
            Sent::Nothing => {}
            Sent::Header(name, value) => drop(request.headers_mut().insert(name, value.clone())),
            Sent::NoSuchCase(reason) => return Err(reason),
        }
        Ok(request)
    }
}

impl<E: Endpoint + 'static> Contender for PoemApp<E> {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, case: Case) -> Result<Answer, &'static str> {
        let request = self.request(case)?;
        Ok(self.runtime.block_on(async {
            let response = self.endpoint.get_response(request).await;
            let status = response.status().as_u16();
            Answer { status, body: response.into_body().into_string().await.ok().map(self.exchange.entry) }
        }))
    }

    /// Calls the endpoint as Poem's server does: an error becomes the response. The measured work never waits, so it
    /// needs no waker.
    fn work(&self, case: Case, count: usize, measure: &mut dyn FnMut(Work<'_>)) {
        let mut requests: Vec<Request> = (0..count).filter_map(|_| self.request(case).ok()).collect();
        let _inside = self.runtime.enter();
        measure(&mut || {
            for request in requests.drain(..) {
                black_box(self.endpoint.get_response(request).now_or_never().expect("it does not wait"));
            }
        });
    }
}
