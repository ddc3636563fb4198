//! Computes a hash without delaying the threads that serve requests.

use std::io;
#[cfg(target_os = "linux")]
use std::thread;

/// How much nicer a thread with a hash is than the process. A scheduler of Linux gives it a tenth of a core that requests
/// need as well, and the whole core otherwise.
#[cfg(target_os = "linux")]
const NICER: i32 = 10;

/// Runs work on a thread of low priority, and waits for it. So requests keep their latency while hashes use the cores.
///
/// The thread is a new one, because only a privileged process can raise a priority again.
///
/// # Errors
/// That of the system, if it has no more threads.
#[cfg(target_os = "linux")]
pub(super) fn at_low_priority<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let work = || {
        if let Err(error) = rustix::process::nice(NICER) {
            tracing::debug!(%error, "could not lower the priority of a password hash");
        }
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use rustix::process::getpriority_process;

    use super::{NICER, at_low_priority};

    #[test]
    fn only_the_thread_of_the_work_has_a_low_priority() {
        let before = getpriority_process(None).unwrap();
        let during = at_low_priority(|| getpriority_process(None).unwrap()).unwrap();
        assert_eq!(during, (before + NICER).min(19));
        let other = thread::spawn(|| getpriority_process(None).unwrap()).join().unwrap();
        assert_eq!([getpriority_process(None).unwrap(), other], [before; 2]);
    }

    #[test]
    #[should_panic(expected = "the work panics")]
    fn a_panic_of_the_work_reaches_the_caller() {
        let _ = at_low_priority(|| panic!("the work panics"));
    }
}
