//! Tells a test whether a rule denied its request. A status alone does not: a 404 may be of the handler.

use std::{cell::Cell, future::Future};

tokio::task_local! {
    static IS_DENIED: Cell<bool>;
}

/// Runs a request of a test. Returns its result, and whether a rule denied it.
pub(crate) async fn with_denials<F: Future>(request: F) -> (F::Output, bool) {
    let watched = async {
        let output = request.await;
        (output, IS_DENIED.with(Cell::get))
    };
    IS_DENIED.scope(Cell::new(false), watched).await
}

/// Notes that a rule denied the request of this task.
pub(super) fn note_denial() {
    // Outside of a test, nothing is watched.
    let _ = IS_DENIED.try_with(|is_denied| is_denied.set(true));
}
