//! Whoever answers requests in this process.

use std::rc::Rc;

use poem::http::{
    HeaderName, HeaderValue,
    header::{ACCEPT, HOST, USER_AGENT},
};
use tokio::runtime::Runtime;

use crate::case::Case;

/// What a client sends besides the credential.
pub const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (HOST, HeaderValue::from_static("entries.example.com")),
    (USER_AGENT, HeaderValue::from_static("benches/0.1")),
    (ACCEPT, HeaderValue::from_static("application/json")),
];

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; floors say 200 for yes and 401 for no.
    pub status: u16,
    /// The body; floors have none.
    pub body: Option<String>,
}

/// Does `count` times what is measured, when it is called.
pub type Work<'a> = &'a mut dyn FnMut();

/// Whoever answers requests in this process.
pub trait Contender {
    /// As it stands in the tables.
    fn name(&self) -> &str;

    /// The answer in this case.
    ///
    /// # Errors
    /// Why there is no such case.
    fn answer(&self, case: Case) -> Result<Answer, &'static str>;

    /// Prepares so many requests and hands over the work of answering them. Making requests is not measured, as a
    /// server has them from the socket; taking apart requests and answers is.
    fn work(&self, case: Case, count: usize, measure: &mut dyn FnMut(Work<'_>));
}

/// Contenders are shared by the rows in which they stand.
pub type Shared = Rc<dyn Contender>;

/// A runtime for what a contender does before it is measured: hashing a password needs threads.
///
/// # Panics
/// If the system has no threads left.
#[must_use]
pub fn runtime() -> Rc<Runtime> {
    Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"))
}
