//! The rule: how much is counted, for how long, and when there is no more room.

use std::time::Duration;

/// For how long an address from which a name has signed in is known as one of its own.
const KNOWN_FOR: i64 = 30 * 24 * HOUR;
/// How far ahead a time may be; one further ahead is of a clock that was set back.
const SKEW: i64 = MINUTE;
/// How far above its room a bucket can be filled: after so many doublings no pause gets longer.
const STEPS: i64 = 16;

pub(super) const MINUTE: i64 = 60 * 1000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// What was tried, as plain numbers for the row of a table; all times are milliseconds since 1970. One that is
/// [`default`](Self::default) has never been used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When all that was counted is forgotten: it is put off with each attempt, and so says how many there were.
    pub empty_at: i64,
    /// When something was counted last.
    pub last: i64,
    /// When the right password came last, if any did; of all that is tried with a name, after when that counts.
    pub succeeded_at: Option<i64>,
}

/// How much fits into a bucket. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// So many attempts at once.
    attempts: i64,
    /// One attempt is forgotten in each such time.
    forget: i64,
    /// How long a full bucket stays closed; each attempt beyond doubles it.
    pause: i64,
    /// The longest pause.
    longest: i64,
}

impl Limit {
    /// At most so many attempts in any time of this length: when they are used up, `back` of them come back in each.
    pub(super) const fn in_any(window: i64, attempts: u32, back: u32) -> Self {
        let forget = window / back as i64;
        Self { attempts: (attempts + 1 - back) as i64, forget, pause: forget, longest: forget }
    }

    /// So many attempts, then one after each pause, which doubles from a minute up to a quarter of an hour.
    pub(super) const fn backing_off(attempts: u32) -> Self {
        let longest = 15 * MINUTE;
        Self { attempts: attempts as i64, forget: longest, pause: MINUTE, longest }
    }

    /// How many may try at once, each of whom counts until they turn out to be right: a third, so that they do not look
    /// like guessing.
    pub(super) fn at_once(&self) -> usize {
        usize::try_from(self.attempts / 3).unwrap_or_default().max(1)
    }

    /// How long a bucket stays closed that was filled up to this level.
    fn pause(&self, level: i64) -> i64 {
        let doublings = level.saturating_sub(self.attempts).clamp(0, STEPS);
        self.pause.saturating_mul(1 << doublings).min(self.longest)
    }
}

impl Bucket {
    /// From when on it says nothing any more: a row may be deleted then.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.succeeded_at.map_or(self.empty_at, |time| self.empty_at.max(time.saturating_add(KNOWN_FOR)))
    }

    /// Counts one more attempt, if there is room.
    ///
    /// # Errors
    /// How long to wait until there is.
    pub(super) fn attempt(self, now: i64, limit: &Limit) -> Result<Self, Duration> {
        let open_at = self.open_at(limit);
        if now < open_at {
            return Err(Duration::from_millis(open_at.saturating_sub(now).unsigned_abs()));
        }
        Ok(Self { empty_at: self.empty_at.max(now).saturating_add(limit.forget), last: self.last.max(now), ..self })
    }

    /// When there is room: with the end of the pause, or as soon as enough is forgotten.
    fn open_at(&self, limit: &Limit) -> i64 {
        let room = self.empty_at.saturating_sub(limit.forget.saturating_mul(limit.attempts - 1));
        // As full as it was after the last attempt; it counts each attempt that has begun to be forgotten.
        let level = self.empty_at.saturating_sub(self.last).saturating_add(limit.forget - 1) / limit.forget;
        room.min(self.last.saturating_add(limit.pause(level)))
    }

    /// Takes an attempt back that was counted at this time, unless it is forgotten anyway.
    pub(super) fn given_back(self, counted_at: i64, now: i64, limit: &Limit) -> Self {
        if now >= counted_at.saturating_add(limit.forget) {
            return self;
        }
        Self { empty_at: self.empty_at.saturating_sub(limit.forget), ..self }
    }

    /// Forgets all attempts, as the right password has come.
    pub(super) const fn succeeded(now: i64) -> Self {
        Self { empty_at: 0, last: 0, succeeded_at: Some(now) }
    }

    /// When the right password came last, unless that is of a clock that was set back.
    pub(super) fn succeeded_by(&self, now: i64) -> i64 {
        self.succeeded_at.filter(|time| *time <= now.saturating_add(SKEW)).unwrap_or_default()
    }

    /// Has right passwords of a name count that come later than this.
    pub(super) const fn begins_at(self, now: i64) -> Self {
        Self { succeeded_at: Some(now), ..self }
    }

    /// The same if the clock was set back: nobody would be known until it is where it was.
    pub(super) const fn begun_by(self, now: i64) -> Self {
        match self.succeeded_at {
            Some(time) if time > now.saturating_add(SKEW) => self.begins_at(now),
            _ => self,
        }
    }

    /// Whether the right password has come not long ago, and when it counts already.
    pub(super) fn is_known(&self, after: Option<i64>, now: i64) -> bool {
        let is_recent = |time: i64| time <= now.saturating_add(SKEW) && now < time.saturating_add(KNOWN_FOR);
        self.succeeded_at.is_some_and(|time| is_recent(time) && after.is_none_or(|after| after < time))
    }

    /// What is there if the clock was set back, or if somebody has written other numbers into the row: as full as it
    /// was, but from now on, and no fuller than it can get. So nothing is closed for ever, and nothing opens.
    pub(super) fn settled(mut self, now: i64, limit: &Limit) -> Self {
        let ahead = self.last.saturating_sub(now);
        if ahead > SKEW {
            self.last = now;
            self.empty_at = self.empty_at.saturating_sub(ahead);
        }
        let fullest = limit.forget.saturating_mul(limit.attempts + STEPS);
        self.empty_at = self.empty_at.min(self.last.saturating_add(fullest));
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bucket, HOUR, KNOWN_FOR, Limit, MINUTE, SKEW};

    const NOW: i64 = 500_000 * HOUR;
    const PAIR: Limit = Limit::backing_off(5);
    const ADDRESS: Limit = Limit::in_any(MINUTE, 25, 1);
    const NAME: Limit = Limit::in_any(HOUR, 50, 10);

    /// After which waits, in seconds, so many attempts pass that each come as soon as they may.
    fn waits(limit: &Limit, attempts: usize) -> Vec<i64> {
        let (mut bucket, mut now) = (Bucket::default(), NOW);
        let mut waits = Vec::new();
        for _ in 0..attempts {
            let wait = bucket.attempt(now, limit).map_or_else(|wait| i64::try_from(wait.as_millis()).unwrap(), |_| 0);
            now += wait;
            waits.push(wait / 1000);
            bucket = bucket.attempt(now, limit).unwrap();
        }
        waits
    }

    #[test]
    fn r76_a_pair_has_five_attempts_and_then_pauses_that_double() {
        assert_eq!(waits(&PAIR, 13), [0, 0, 0, 0, 0, 60, 120, 240, 480, 480, 900, 900, 900]);
    }

    #[test]
    fn r76_an_address_has_25_attempts_at_once_and_one_a_minute_from_then_on() {
        let waits = waits(&ADDRESS, 30);
        assert_eq!(waits[..25], [0; 25]);
        assert_eq!(waits[25..], [60; 5]);
    }

    #[test]
    fn r76_a_name_has_its_attempts_at_once_and_ten_an_hour_from_then_on() {
        let waits = waits(&NAME, 50);
        assert_eq!(waits[..41], [0; 41]);
        assert_eq!(waits[41..], [360; 9]);
    }

    #[test]
    fn r77_who_waits_as_long_as_is_told_gets_through_and_a_moment_earlier_does_not() {
        for limit in [PAIR, ADDRESS, NAME] {
            let mut bucket = Bucket::default();
            while let Ok(next) = bucket.attempt(NOW, &limit) {
                bucket = next;
            }
            let wait = i64::try_from(bucket.attempt(NOW, &limit).unwrap_err().as_millis()).unwrap();
            assert!(bucket.attempt(NOW + wait - 1, &limit).is_err());
            assert!(bucket.attempt(NOW + wait, &limit).is_ok());
        }
    }

    #[test]
    fn r76_what_stays_quiet_is_forgotten_and_its_row_may_go() {
        for limit in [PAIR, ADDRESS, NAME] {
            let full = (0..limit.attempts).fold(Bucket::default(), |bucket, _| bucket.attempt(NOW, &limit).unwrap());
            let then = full.expires_at();
            assert_eq!(then, NOW + limit.attempts * limit.forget);
            let again = |start: Bucket| (0..limit.attempts).try_fold(start, |bucket, _| bucket.attempt(then, &limit));
            assert_eq!(again(full).unwrap().expires_at(), again(Bucket::default()).unwrap().expires_at());
        }
    }

    #[test]
    fn r76_an_address_is_known_for_thirty_days() {
        let bucket = Bucket::succeeded(NOW);
        assert_eq!(bucket.expires_at(), NOW + KNOWN_FOR);
        for (later, is_known) in
            [(0, true), (KNOWN_FOR - 1, true), (KNOWN_FOR, false), (-SKEW, true), (-SKEW - 1, false)]
        {
            assert_eq!(bucket.is_known(None, NOW + later), is_known, "{later}");
        }
        assert!(!Bucket::default().is_known(None, 0));
        // It stays so while attempts are counted.
        assert!(bucket.attempt(NOW, &PAIR).unwrap().is_known(None, NOW));
        // And after right passwords count.
        for (after, is_known) in [(NOW - 1, true), (NOW, false), (NOW + 1, false)] {
            assert_eq!(bucket.is_known(Some(after), NOW + HOUR), is_known);
        }
        let name = Bucket::default().begins_at(NOW);
        for (now, begun) in [(NOW, NOW), (NOW - SKEW, NOW), (NOW - SKEW - 1, NOW - SKEW - 1)] {
            assert_eq!(name.begun_by(now).succeeded_at, Some(begun));
        }
    }

    #[test]
    fn an_attempt_that_took_longer_than_it_is_remembered_takes_no_other_back() {
        let first = Bucket::default().attempt(NOW, &ADDRESS).unwrap();
        let then = NOW + ADDRESS.forget;
        let second = first.attempt(then, &ADDRESS).unwrap();
        assert_eq!(second.given_back(NOW, then, &ADDRESS), second);
        assert_ne!(second.given_back(then, then, &ADDRESS), second);
    }

    /// A step of somebody who tries: waits for so long, and whether the password was right.
    fn steps(longest: i64) -> impl Strategy<Value = Vec<(i64, bool)>> {
        // Short and long pauses, so that both bursts and patience are tried.
        let wait = prop_oneof![3 => Just(0), 2 => 0..1000_i64, 2 => 0..MINUTE, 2 => 0..longest];
        prop::collection::vec((wait, prop::bool::weighted(0.1)), 1..200)
    }

    /// When attempts pass, of somebody who never has the right password.
    fn passes(limit: &Limit, steps: &[(i64, bool)]) -> Vec<i64> {
        let (mut bucket, mut now) = (Bucket::default(), NOW);
        let mut passes = Vec::new();
        for (wait, _) in steps {
            now += wait;
            if let Ok(next) = bucket.settled(now, limit).attempt(now, limit) {
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
        fn r76_the_fuller_the_longer_the_pause(steps in steps(HOUR / 4)) {
            let (mut bucket, mut now) = (Bucket::default(), NOW);
            for (wait, _) in steps {
                now += wait;
                let fuller = Bucket { empty_at: bucket.empty_at + PAIR.forget, ..bucket };
                prop_assert!(PAIR.pause(7) <= PAIR.pause(8));
                prop_assert!(fuller.open_at(&PAIR) >= bucket.open_at(&PAIR));
                bucket = bucket.attempt(now, &PAIR).unwrap_or(bucket);
            }
        }

        #[test]
        fn r76_success_gives_back_exactly_its_own_attempt(steps in steps(MINUTE)) {
            for limit in [ADDRESS, NAME] {
                let (mut with, mut without, mut now) = (Bucket::default(), Bucket::default(), NOW);
                for (wait, is_right) in &steps {
                    now += wait;
                    let Ok(next) = with.attempt(now, &limit) else {
                        continue;
                    };
                    if *is_right {
                        with = next.given_back(now, now, &limit);
                        // It is as full as if nothing had been tried.
                        prop_assert_eq!(with.empty_at.max(now), without.empty_at.max(now));
                    } else {
                        with = next;
                        without = without.attempt(now, &limit).unwrap();
                    }
                }
            }
        }

        #[test]
        fn r76_nothing_is_closed_for_longer_than_the_longest_pause(
            empty_at in any::<i64>(), last in any::<i64>(), succeeded_at in any::<Option<i64>>(), now in any::<i64>(),
        ) {
            // Whatever the row and the clock say.
            let bucket = Bucket { empty_at, last, succeeded_at };
            let _ = (bucket.expires_at(), bucket.is_known(succeeded_at, now), bucket.given_back(last, now, &PAIR));
            for limit in [PAIR, ADDRESS, NAME] {
                if let Err(wait) = bucket.settled(now, &limit).attempt(now, &limit) {
                    prop_assert!(i64::try_from(wait.as_millis()).unwrap() <= limit.longest + SKEW);
                }
            }
        }

        #[test]
        fn a_clock_that_is_set_back_opens_nothing_and_closes_nothing_for_ever(
            steps in steps(MINUTE), back in SKEW + 1..10_000 * HOUR,
        ) {
            for limit in [PAIR, ADDRESS, NAME] {
                let (mut bucket, mut now) = (Bucket::default(), NOW);
                for (wait, _) in &steps {
                    now += wait;
                    bucket = bucket.attempt(now, &limit).unwrap_or(bucket);
                }
                let then = bucket.last - back;
                let settled = bucket.settled(then, &limit);
                // As if no time had passed since the last attempt.
                prop_assert_eq!(settled.attempt(then, &limit).is_ok(), bucket.attempt(bucket.last, &limit).is_ok());
                prop_assert_eq!(settled.settled(then + limit.longest, &limit), settled, "once is enough");
                prop_assert!(settled.attempt(then + limit.longest, &limit).is_ok());
            }
        }
    }
}
