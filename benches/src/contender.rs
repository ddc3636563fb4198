//! The interface of a contender: a measured implementation that answers requests in this process.

use std::rc::Rc;

use poem::http::{
    HeaderName, HeaderValue,
    header::{ACCEPT, HOST, USER_AGENT},
};
use tokio::runtime::Runtime;

use crate::case::Case;

/// The headers that a client sends besides the credential.
pub const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (HOST, HeaderValue::from_static("entries.example.com")),
    (USER_AGENT, HeaderValue::from_static("benches/0.1")),
    (ACCEPT, HeaderValue::from_static("application/json")),
];

/// The response of a contender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status. Floors return 200 if the check passes and 401 if it fails.
    pub status: u16,
    /// The body. Floors have none.
    pub body: Option<String>,
}

/// Runs the measured work `count` times when called.
pub type Work<'a> = &'a mut dyn FnMut();

/// A measured implementation that answers requests in this process.
pub trait Contender {
    /// Returns the name that the tables show.
    fn name(&self) -> &str;

    /// Returns the response in this case.
    ///
    /// # Errors
    /// Returns the reason why the contender does not have this case.
    fn answer(&self, case: Case) -> Result<Answer, &'static str>;

    /// Prepares this many requests and returns the work of answering them. Building requests is not measured, because
    /// a server reads them from the socket. Dropping requests and responses is measured.
    fn work(&self, case: Case, count: usize, measure: &mut dyn FnMut(Work<'_>));
}

/// A contender that several rows share.
pub type Shared = Rc<dyn Contender>;

/// Returns a runtime for work before the measurement: hashing a password needs threads.
///
/// # Panics
/// If the system cannot start a thread.
#[must_use]
pub fn runtime() -> Rc<Runtime> {
    Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"))
}
