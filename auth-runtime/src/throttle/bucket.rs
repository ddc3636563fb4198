//! The rule of one bucket: how much it holds, how fast it drains, and when it has room.
//!
//! This is a leaky bucket in the form of the generic cell rate algorithm (GCRA): one time stamp says how full it is.
//! No crate does it, as the state has to fit a row of a shared database and the lockout has to grow.

use std::time::Duration;

/// How long an address stays known after a sign-in.
const KNOWN_FOR: i64 = 30 * 24 * HOUR;
/// How far a time may lie in the future. A time beyond it comes from a clock that was set back.
const MAX_SKEW: i64 = MINUTE;
/// How far a bucket can be filled above its capacity. After so many doublings no lockout gets longer.
const MAX_OVERFLOW: i64 = 16;

pub(super) const MINUTE: i64 = 60 * 1000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// The attempts of one kind, as plain numbers for the row of a table.
///
/// All times are milliseconds since 1970. A bucket that was never used is [`default`](Self::default).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the bucket is empty again. Each attempt moves this time, so it also says how many there were.
    pub empty_at: i64,
    /// The time of the last attempt.
    pub last: i64,
    /// The time of the last sign-in, if there was one. In the bucket of a name: sign-ins up to this time make no
    /// address known.
    pub succeeded_at: Option<i64>,
}

/// The capacity of a bucket. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// Attempts at once.
    attempts: i64,
    /// The time until one attempt has drained.
    interval: i64,
    /// The lockout of a full bucket. Each attempt beyond doubles it.
    lockout: i64,
    /// The longest lockout.
    max_lockout: i64,
}

impl Limit {
    /// Allows at most `attempts` in any time of this length. When they are used up, `refill` of them come back in each.
    pub(super) const fn in_any(window: i64, attempts: u32, refill: u32) -> Self {
        let interval = window / refill as i64;
        Self { attempts: (attempts + 1 - refill) as i64, interval, lockout: interval, max_lockout: interval }
    }

    /// Allows `attempts`, then one after each lockout, which doubles from one minute to 15.
    pub(super) const fn backing_off(attempts: u32) -> Self {
        let max_lockout = 15 * MINUTE;
        Self { attempts: attempts as i64, interval: max_lockout, lockout: MINUTE, max_lockout }
    }

    /// Returns how many attempts may run at once: a third of the limit. Each counts until its password turns out right,
    /// so more of them would look like guesses.
    pub(super) fn at_once(&self) -> usize {
        usize::try_from(self.attempts / 3).unwrap_or_default().max(1)
    }

    /// Returns the lockout of a bucket that is filled up to this level.
    fn lockout(&self, level: i64) -> i64 {
        let doublings = level.saturating_sub(self.attempts).clamp(0, MAX_OVERFLOW);
        self.lockout.saturating_mul(1 << doublings).min(self.max_lockout)
    }
}

impl Bucket {
    /// Returns when the bucket ceases to have an effect. A store may delete the row then.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.succeeded_at.map_or(self.empty_at, |time| self.empty_at.max(time.saturating_add(KNOWN_FOR)))
    }

    /// Counts one more attempt, if there is room.
    ///
    /// # Errors
    /// The time until there is room.
    pub(super) fn count(self, now: i64, limit: &Limit) -> Result<Self, Duration> {
        let open_at = self.open_at(limit);
        if now < open_at {
            return Err(Duration::from_millis(open_at.saturating_sub(now).unsigned_abs()));
        }
        Ok(Self { empty_at: self.empty_at.max(now).saturating_add(limit.interval), last: self.last.max(now), ..self })
    }

    /// Returns when there is room: at the end of the lockout, or earlier if enough has drained.
    fn open_at(&self, limit: &Limit) -> i64 {
        let drained = self.empty_at.saturating_sub(limit.interval.saturating_mul(limit.attempts - 1));
        // The level after the last attempt. An attempt that has partly drained counts in full.
        let level = self.empty_at.saturating_sub(self.last).saturating_add(limit.interval - 1) / limit.interval;
        drained.min(self.last.saturating_add(limit.lockout(level)))
    }

    /// Refunds an attempt that was counted at this time, unless it has drained already.
    pub(super) fn refunded(self, counted_at: i64, now: i64, limit: &Limit) -> Self {
        if now >= counted_at.saturating_add(limit.interval) {
            return self;
        }
        Self { empty_at: self.empty_at.saturating_sub(limit.interval), ..self }
    }

    /// Returns an empty bucket that records a sign-in.
    pub(super) const fn signed_in(now: i64) -> Self {
        Self { empty_at: 0, last: 0, succeeded_at: Some(now) }
    }

    /// Returns the time of the last sign-in, unless it comes from a clock that was set back.
    pub(super) fn last_sign_in(&self, now: i64) -> i64 {
        self.succeeded_at.filter(|time| *time <= now.saturating_add(MAX_SKEW)).unwrap_or_default()
    }

    /// Makes only later sign-ins count for known addresses.
    pub(super) const fn forgetting_addresses(self, now: i64) -> Self {
        Self { succeeded_at: Some(now), ..self }
    }

    /// Corrects the time of [`forgetting_addresses`](Self::forgetting_addresses) after the clock was set back.
    /// Otherwise no address would become known until the clock has caught up.
    pub(super) const fn without_future_reset(self, now: i64) -> Self {
        match self.succeeded_at {
            Some(time) if time > now.saturating_add(MAX_SKEW) => self.forgetting_addresses(now),
            _ => self,
        }
    }

    /// Returns whether there was a sign-in within 30 days, and later than `after`.
    pub(super) fn is_known(&self, after: Option<i64>, now: i64) -> bool {
        let is_recent = |time: i64| time <= now.saturating_add(MAX_SKEW) && now < time.saturating_add(KNOWN_FOR);
        self.succeeded_at.is_some_and(|time| is_recent(time) && after.is_none_or(|after| after < time))
    }

    /// Returns the bucket with plausible times, after the clock was set back or the row was edited.
    ///
    /// It is as full as it was, from now on, and never fuller than possible. So no lockout lasts for ever, and none
    /// ends early.
    pub(super) fn repaired(mut self, now: i64, limit: &Limit) -> Self {
        let ahead = self.last.saturating_sub(now);
        if ahead > MAX_SKEW {
            self.last = now;
            self.empty_at = self.empty_at.saturating_sub(ahead);
        }
        let fullest = limit.interval.saturating_mul(limit.attempts + MAX_OVERFLOW);
        self.empty_at = self.empty_at.min(self.last.saturating_add(fullest));
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bucket, HOUR, KNOWN_FOR, Limit, MAX_SKEW, MINUTE};

    const NOW: i64 = 500_000 * HOUR;
    const PAIR: Limit = Limit::backing_off(5);
    const ADDRESS: Limit = Limit::in_any(MINUTE, 25, 1);
    const NAME: Limit = Limit::in_any(HOUR, 50, 10);

    /// Returns the waits in seconds before each of `attempts` that come as early as possible.
    fn waits(limit: &Limit, attempts: usize) -> Vec<i64> {
        let (mut bucket, mut now) = (Bucket::default(), NOW);
        let mut waits = Vec::new();
        for _ in 0..attempts {
            let wait = bucket.count(now, limit).map_or_else(|wait| i64::try_from(wait.as_millis()).unwrap(), |_| 0);
            now += wait;
            waits.push(wait / 1000);
            bucket = bucket.count(now, limit).unwrap();
        }
        waits
    }

    #[test]
    fn r76_a_pair_has_five_attempts_and_then_growing_lockouts() {
        assert_eq!(waits(&PAIR, 13), [0, 0, 0, 0, 0, 60, 120, 240, 480, 480, 900, 900, 900]);
    }

    #[test]
    fn r76_an_address_has_25_attempts_at_once_and_then_one_a_minute() {
        let waits = waits(&ADDRESS, 30);
        assert_eq!(waits[..25], [0; 25]);
        assert_eq!(waits[25..], [60; 5]);
    }

    #[test]
    fn r76_a_name_has_41_attempts_at_once_and_then_ten_an_hour() {
        let waits = waits(&NAME, 50);
        assert_eq!(waits[..41], [0; 41]);
        assert_eq!(waits[41..], [360; 9]);
    }

    #[test]
    fn r77_an_attempt_passes_exactly_after_the_reported_wait() {
        for limit in [PAIR, ADDRESS, NAME] {
            let mut bucket = Bucket::default();
            while let Ok(next) = bucket.count(NOW, &limit) {
                bucket = next;
            }
            let wait = i64::try_from(bucket.count(NOW, &limit).unwrap_err().as_millis()).unwrap();
            assert!(bucket.count(NOW + wait - 1, &limit).is_err());
            assert!(bucket.count(NOW + wait, &limit).is_ok());
        }
    }

    #[test]
    fn r76_an_expired_bucket_behaves_like_an_unused_one() {
        for limit in [PAIR, ADDRESS, NAME] {
            let full = (0..limit.attempts).fold(Bucket::default(), |bucket, _| bucket.count(NOW, &limit).unwrap());
            let then = full.expires_at();
            assert_eq!(then, NOW + limit.attempts * limit.interval);
            let again = |start: Bucket| (0..limit.attempts).try_fold(start, |bucket, _| bucket.count(then, &limit));
            assert_eq!(again(full).unwrap().expires_at(), again(Bucket::default()).unwrap().expires_at());
        }
    }

    #[test]
    fn r76_an_address_stays_known_for_thirty_days() {
        let bucket = Bucket::signed_in(NOW);
        assert_eq!(bucket.expires_at(), NOW + KNOWN_FOR);
        for (later, is_known) in
            [(0, true), (KNOWN_FOR - 1, true), (KNOWN_FOR, false), (-MAX_SKEW, true), (-MAX_SKEW - 1, false)]
        {
            assert_eq!(bucket.is_known(None, NOW + later), is_known, "{later}");
        }
        assert!(!Bucket::default().is_known(None, 0));
        // Attempts do not change that.
        assert!(bucket.count(NOW, &PAIR).unwrap().is_known(None, NOW));
        // Only sign-ins later than the reset count.
        for (after, is_known) in [(NOW - 1, true), (NOW, false), (NOW + 1, false)] {
            assert_eq!(bucket.is_known(Some(after), NOW + HOUR), is_known);
        }
        let name = Bucket::default().forgetting_addresses(NOW);
        for (now, begun) in [(NOW, NOW), (NOW - MAX_SKEW, NOW), (NOW - MAX_SKEW - 1, NOW - MAX_SKEW - 1)] {
            assert_eq!(name.without_future_reset(now).succeeded_at, Some(begun));
        }
    }

    #[test]
    fn an_attempt_that_has_drained_is_not_refunded() {
        let first = Bucket::default().count(NOW, &ADDRESS).unwrap();
        let then = NOW + ADDRESS.interval;
        let second = first.count(then, &ADDRESS).unwrap();
        assert_eq!(second.refunded(NOW, then, &ADDRESS), second);
        assert_ne!(second.refunded(then, then, &ADDRESS), second);
    }

    /// Attempts of a client: the wait before each, and whether the password is right.
    fn steps(longest: i64) -> impl Strategy<Value = Vec<(i64, bool)>> {
        // Short and long waits, for bursts and for patience.
        let wait = prop_oneof![3 => Just(0), 2 => 0..1000_i64, 2 => 0..MINUTE, 2 => 0..longest];
        prop::collection::vec((wait, prop::bool::weighted(0.1)), 1..200)
    }

    /// Returns the times of the attempts that pass, with wrong passwords only.
    fn passes(limit: &Limit, steps: &[(i64, bool)]) -> Vec<i64> {
        let (mut bucket, mut now) = (Bucket::default(), NOW);
        let mut passes = Vec::new();
        for (wait, _) in steps {
            now += wait;
            if let Ok(next) = bucket.repaired(now, limit).count(now, limit) {
                bucket = next;
                passes.push(now);
            }
        }
        passes
    }

    fn most_in_any(window: i64, passes: &[i64]) -> usize {
        let within = |start: &i64| passes.iter().filter(|time| (*start..start + window).contains(time)).count();
        passes.iter().map(within).max().unwrap_or_default()
    }

    proptest! {
        #[test]
        fn r76_no_more_than_the_limit_passes_in_any_window(steps in steps(HOUR / 4), attempts in 10..=100_u32) {
            let name = Limit::in_any(HOUR, attempts, attempts.div_ceil(5));
            prop_assert!(most_in_any(HOUR, &passes(&name, &steps)) <= attempts as usize);
            let address = Limit::in_any(MINUTE, attempts, attempts.div_ceil(25));
            prop_assert!(most_in_any(MINUTE, &passes(&address, &steps)) <= attempts as usize);
        }

        #[test]
        fn r76_a_pair_fails_at_most_five_times_a_minute_and_twelve_times_an_hour(steps in steps(HOUR / 4)) {
            let passes = passes(&PAIR, &steps);
            prop_assert!(most_in_any(MINUTE, &passes) <= 5);
            prop_assert!(most_in_any(HOUR, &passes) <= 12);
        }

        #[test]
        fn r76_a_fuller_bucket_has_a_longer_lockout(steps in steps(HOUR / 4)) {
            let (mut bucket, mut now) = (Bucket::default(), NOW);
            for (wait, _) in steps {
                now += wait;
                let fuller = Bucket { empty_at: bucket.empty_at + PAIR.interval, ..bucket };
                prop_assert!(PAIR.lockout(7) <= PAIR.lockout(8));
                prop_assert!(fuller.open_at(&PAIR) >= bucket.open_at(&PAIR));
                bucket = bucket.count(now, &PAIR).unwrap_or(bucket);
            }
        }

        #[test]
        fn r76_a_success_refunds_exactly_its_own_attempt(steps in steps(MINUTE)) {
            for limit in [ADDRESS, NAME] {
                let (mut with, mut without, mut now) = (Bucket::default(), Bucket::default(), NOW);
                for (wait, is_right) in &steps {
                    now += wait;
                    let Ok(next) = with.count(now, &limit) else {
                        continue;
                    };
                    if *is_right {
                        with = next.refunded(now, now, &limit);
                        // As full as without the attempt.
                        prop_assert_eq!(with.empty_at.max(now), without.empty_at.max(now));
                    } else {
                        with = next;
                        without = without.count(now, &limit).unwrap();
                    }
                }
            }
        }

        #[test]
        fn r76_no_lockout_is_longer_than_the_longest(
            empty_at in any::<i64>(), last in any::<i64>(), succeeded_at in any::<Option<i64>>(), now in any::<i64>(),
        ) {
            // With any row and any clock.
            let bucket = Bucket { empty_at, last, succeeded_at };
            let _ = (bucket.expires_at(), bucket.is_known(succeeded_at, now), bucket.refunded(last, now, &PAIR));
            for limit in [PAIR, ADDRESS, NAME] {
                if let Err(wait) = bucket.repaired(now, &limit).count(now, &limit) {
                    prop_assert!(i64::try_from(wait.as_millis()).unwrap() <= limit.max_lockout + MAX_SKEW);
                }
            }
        }

        #[test]
        fn a_clock_that_is_set_back_neither_ends_nor_extends_a_lockout(
            steps in steps(MINUTE), back in MAX_SKEW + 1..10_000 * HOUR,
        ) {
            for limit in [PAIR, ADDRESS, NAME] {
                let (mut bucket, mut now) = (Bucket::default(), NOW);
                for (wait, _) in &steps {
                    now += wait;
                    bucket = bucket.count(now, &limit).unwrap_or(bucket);
                }
                let then = bucket.last - back;
                let repaired = bucket.repaired(then, &limit);
                // As at the time of the last attempt.
                prop_assert_eq!(repaired.count(then, &limit).is_ok(), bucket.count(bucket.last, &limit).is_ok());
                prop_assert_eq!(repaired.repaired(then + limit.max_lockout, &limit), repaired, "a repaired bucket stays as it is");
                prop_assert!(repaired.count(then + limit.max_lockout, &limit).is_ok());
            }
        }
    }
}
