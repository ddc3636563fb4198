//! Computes a hash without delaying the threads that serve requests.

use std::{io, thread};

/// Runs work on a thread of low priority, and waits for it. So requests keep their latency while hashes use all cores.
///
/// The thread is a new one, because only a privileged process can raise a priority again.
///
/// # Errors
/// That of the system, if it has no more threads.
#[cfg(target_os = "linux")]
pub(super) fn at_low_priority<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let work = || {
        lower_priority();
        work()
    };
    let thread = thread::Builder::new().name("password hash".to_owned()).spawn(work)?;
    thread.join().or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs work on this thread: only Linux has a priority for each thread.
#[cfg(not(target_os = "linux"))]
pub(super) fn at_low_priority<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    Ok(work())
}

/// Lowers the priority of this thread.
#[cfg(target_os = "linux")]
fn lower_priority() {
    let n: i32 = std::env::var("AUTH_NICE").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    if n == 0 {
        return;
    }
    if let Err(error) = rustix::process::nice(n) {
        tracing::debug!(%error, "could not lower the priority of a password hash");
    }
}
