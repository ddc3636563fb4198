//! Computes a hash without delaying the threads that serve requests.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(super) use linux::at_low_priority;

/// Runs work on this thread: only Linux has a priority for each thread.
#[cfg(not(target_os = "linux"))]
pub(super) fn at_low_priority<T>(work: impl FnOnce() -> T) -> std::io::Result<T> {
    Ok(work())
}
