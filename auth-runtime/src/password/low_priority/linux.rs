//! The priority of a thread on Linux.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// How much nicer a thread with a hash is than the process, if it does not run when a core is idle. The scheduler
/// gives it a tenth of a core that requests need as well.
const NICER: i32 = 10;

/// Whether the last hash had a core for most of its time. If so, there is time for the next one when a core is idle.
static HAS_IDLE_CORES: AtomicBool = AtomicBool::new(false);

/// Runs work on a thread of low priority, and waits for it. So requests keep their latency while hashes use the
/// cores.
///
/// A thread with `SCHED_IDLE` gives its core to a request at once. A nicer thread first uses up its time slice, of
/// some milliseconds. But on busy cores, a thread with `SCHED_IDLE` hardly runs. So it is used only after a hash that
/// had a core for most of its time.
///
/// The thread is a new one, because only a privileged process can raise a priority again.
///
/// # Errors
/// That of the system, if it has no more threads.
pub(in crate::password) fn at_low_priority<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let work = || {
        lower_priority(HAS_IDLE_CORES.load(Ordering::Relaxed));
        // The scheduler applies a lower priority at the next tick, which can be 4 ms away. Requests that wait for this
        // core run now.
        thread::yield_now();
        let start = Instant::now();
        let done = work();
        HAS_IDLE_CORES.store(had_a_core(processor_time(), start.elapsed()), Ordering::Relaxed);
        done
    };
    let thread = thread::Builder::new().name("password hash".to_owned()).spawn(work)?;
    thread.join().or_else(|panic| std::panic::resume_unwind(panic))
}

/// Lowers the priority of this thread: to run only on an idle core, or to be nicer than the process.
fn lower_priority(only_when_idle: bool) {
    if only_when_idle && run_only_when_idle() {
        return;
    }
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "could not lower the priority of a password hash");
    }
}

/// Returns whether the system took the policy. A sandbox can forbid it.
fn run_only_when_idle() -> bool {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy).is_ok()
}

/// Returns whether a thread ran for more than half of the elapsed time.
fn had_a_core(processor_time: Duration, elapsed: Duration) -> bool {
    processor_time * 2 > elapsed
}

/// Returns the processor time of this thread so far.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use rustix::process::getpriority_process;
    use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};

    use super::{NICER, at_low_priority, had_a_core, lower_priority, processor_time};

    const OTHER: ThreadSchedulePolicy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    const IDLE: ThreadSchedulePolicy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);

    /// The policy and the nice value of this thread.
    fn priority() -> (ThreadSchedulePolicy, i32) {
        (thread_schedule_policy().unwrap(), getpriority_process(None).unwrap())
    }

    #[test]
    fn a_hash_runs_when_a_core_is_idle_or_is_nicer() {
        let (_, nice) = priority();
        let lowered = |only_when_idle| {
            let thread = move || {
                lower_priority(only_when_idle);
                priority()
            };
            thread::spawn(thread).join().unwrap()
        };
        assert_eq!(lowered(true).0, IDLE);
        assert_eq!(lowered(false), (OTHER, (nice + NICER).min(19)));
    }

    #[test]
    fn only_the_thread_of_the_work_has_a_low_priority() {
        let before = priority();
        let during = at_low_priority(priority).unwrap();
        assert_ne!(during, before);
        let other = thread::spawn(priority).join().unwrap();
        assert_eq!([priority(), other], [before; 2]);
    }

    #[test]
    fn a_hash_that_waited_for_half_of_its_time_had_no_core() {
        let ms = Duration::from_millis;
        for (processor, elapsed, expected) in [(20, 20, true), (11, 20, true), (10, 20, false), (0, 0, false)] {
            assert_eq!(had_a_core(ms(processor), ms(elapsed)), expected, "{processor} of {elapsed} ms");
        }
    }

    #[test]
    fn only_the_time_of_this_thread_counts() {
        let work = || (0..1_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        let busy = thread::spawn(move || (work(), processor_time()).1).join().unwrap();
        let idle = thread::spawn(processor_time).join().unwrap();
        assert!(busy > idle, "{busy:?} and {idle:?}");
    }

    #[test]
    #[should_panic(expected = "the work panics")]
    fn a_panic_of_the_work_reaches_the_caller() {
        let _ = at_low_priority(|| panic!("the work panics"));
    }
}
