//! When keys are fetched: decisions only, with every instant given.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest lifetime of keys, even if the issuer states a shorter one.
const SHORTEST: Duration = Duration::from_secs(30);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// Returns the pause after a fetch that brought keys. It ends before the keys are old, so no request waits for the next
/// fetch.
pub(super) fn after_success(fresh_for: Option<Duration>, ttl: Duration) -> Duration {
    let lifetime = fresh_for.unwrap_or(ttl).clamp(SHORTEST.min(ttl), ttl);
    lifetime.mul_f64(0.8)
}

/// Returns the pause after so many failures in a row. Up to half of it is random, so that not all services return to an
/// issuer at the same moment; `chance` is any number.
pub(super) fn after_failures(failures: u32, chance: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let whole = FIRST_RETRY.saturating_mul(doubled).min(LONGEST_RETRY);
    whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

/// The progress of the task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) is_fetching: bool,
    /// How many fetches have come to an end.
    pub(super) finished: u64,
    /// Whether the last of them brought keys.
    pub(super) succeeded: bool,
}

impl Report {
    /// The first fetch starts at once. A request before it has begun waits for it.
    pub(super) const FIRST: Self = Self { is_fetching: true, finished: 0, succeeded: false };

    pub(super) fn end(&mut self, succeeded: bool) {
        *self = Self { is_fetching: false, finished: self.finished + 1, succeeded };
    }
}

/// The demand of all requests together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    /// When one was last asked for, and how many fetches had come to an end by then.
    asked: Option<(Instant, u64)>,
}

/// The next step of a request that asks for newer keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// One is under way: wait for it.
    Wait,
    /// Start one, and wait for it.
    Start,
    /// A fetch ended a moment ago. A caller that invents key names must not cause a call each time.
    TooSoon,
}

impl Demand {
    pub(super) fn ask(&mut self, report: Report, now: Instant, cooldown: Duration) -> Ask {
        match self.asked {
            _ if report.is_fetching => Ask::Wait,
            Some((_, finished)) if finished == report.finished => Ask::Wait,
            Some((at, _)) if now.saturating_duration_since(at) < cooldown => Ask::TooSoon,
            _ => {
                self.asked = Some((now, report.finished));
                Ask::Start
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Ask, Demand, Report, after_failures, after_success};

    const TTL: Duration = Duration::from_mins(5);
    const COOLDOWN: Duration = Duration::from_secs(10);

    #[test]
    fn r46_keys_are_fetched_before_they_are_old() {
        let seconds = |fresh: Option<u64>, ttl| after_success(fresh.map(Duration::from_secs), ttl).as_secs();
        assert_eq!(seconds(None, TTL), 240);
        assert_eq!(seconds(Some(100), TTL), 80);
        assert_eq!(seconds(Some(86_400), TTL), 240);
        // Never in a hot loop.
        assert_eq!([seconds(Some(0), TTL), seconds(Some(1), TTL)], [24, 24]);
        assert_eq!([seconds(Some(0), COOLDOWN), seconds(Some(60), COOLDOWN)], [8, 8]);
    }

    #[test]
    fn r46_retries_slow_down() {
        let millis = |failures, chance| after_failures(failures, chance).as_millis();
        assert_eq!(
            [1, 2, 3, 5, 6, 32, 33, 500].map(|n| millis(n, 0)),
            [500, 1000, 2000, 8000, 15000, 15000, 15000, 15000]
        );
        assert_eq!([1, 2, 6, 500].map(|n| millis(n, u32::MAX)), [1000, 2000, 30000, 30000]);
    }

    #[test]
    fn r46_one_fetch_per_cooldown_is_asked_for() {
        let (mut demand, start) = (Demand::default(), Instant::now());
        let mut report = Report::FIRST;
        let mut ask = |report: Report, seconds| demand.ask(report, start + Duration::from_secs(seconds), COOLDOWN);
        assert_eq!(ask(report, 0), Ask::Wait);
        report.end(true);
        assert_eq!(ask(report, 1), Ask::Start);
        // Until the task has seen it, and while it fetches.
        assert_eq!(ask(report, 1), Ask::Wait);
        report.is_fetching = true;
        assert_eq!(ask(report, 4), Ask::Wait);
        report.end(false);
        assert_eq!([ask(report, 4), ask(report, 10)], [Ask::TooSoon; 2]);
        assert_eq!(ask(report, 11), Ask::Start);
    }
}
