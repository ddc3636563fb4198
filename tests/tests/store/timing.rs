//! The duration of a rejection does not reveal which users exist.

use std::time::{Duration, Instant};

use auth_runtime::{client_ip::ClientAddress, credential::BasicCredentials, danger, prelude::Basic};
use auth_store::{NewUser, SqlUsers};

use crate::{callers::PASSWORD, database::TestDatabase};

/// The number of rejections of each kind.
const TRIES: usize = 1000;
const KINDS: [&str; 3] = ["wrong", "unknown", "disabled"];

/// Other load on the machine may slow one kind down once. A leak shows in each measurement.
const MEASUREMENTS: usize = 3;

/// The kinds take turns, so that other load affects all of them. The distributions are compared by the Mann-Whitney test.
///
/// For two samples of 1000 from one distribution, the share of pairs in which the first is larger is 0.5, with a
/// standard deviation of 0.013. The bound is 0.08, six times that. A rejection without a hash differs by 0.5, and a
/// rejection with one more statement by more than 0.1.
pub(crate) async fn r73_unknown_disabled_and_wrong_take_the_same_time(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("wrong").password(PASSWORD)).await.unwrap();
    store.add(NewUser::new("disabled").password(PASSWORD).disabled(true)).await.unwrap();
    let basic = Basic::new(store).throttle(danger::unlimited_attempts());
    let mut differences = Vec::new();
    while differences.len() < MEASUREMENTS {
        match difference(&mut measured(&basic).await) {
            None => return,
            Some(difference) => differences.push(difference),
        }
    }
    panic!("{differences:#?}");
}

async fn measured(basic: &Basic<SqlUsers>) -> [Vec<Duration>; 3] {
    let mut times = KINDS.map(|_| Vec::with_capacity(TRIES));
    for round in 0..TRIES {
        for kind in 0..KINDS.len() {
            // Each order occurs equally often.
            let kind = (kind + round) % KINDS.len();
            let password = if KINDS[kind] == "disabled" { PASSWORD } else { "wrong horse battery" };
            let credentials = BasicCredentials::new(KINDS[kind], password);
            let start = Instant::now();
            assert!(basic.verify(&credentials, ClientAddress::UNKNOWN).await.is_err());
            times[kind].push(start.elapsed());
        }
    }
    times
}

/// Returns a description of two kinds whose times differ.
fn difference(times: &mut [Vec<Duration>; 3]) -> Option<String> {
    [(0, 1), (0, 2), (1, 2)].into_iter().find_map(|(first, second)| {
        let (slower, medians) = compare(times, first, second);
        let ratio = medians[0].as_secs_f64() / medians[1].as_secs_f64();
        let is_same = (slower - 0.5).abs() < 0.08 && (0.95..1.05).contains(&ratio);
        (!is_same).then(|| format!("{} and {}: {slower:.3}, medians {medians:?}", KINDS[first], KINDS[second]))
    })
}

/// Returns the share of pairs in which the first took longer than the second, and the medians.
fn compare(times: &mut [Vec<Duration>; 3], first: usize, second: usize) -> (f64, [Duration; 2]) {
    for times in &mut *times {
        times.sort_unstable();
    }
    let (first, second) = (&times[first], &times[second]);
    let slower: usize = first.iter().map(|time| second.partition_point(|other| other < time)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a million pairs")]
    let share = slower as f64 / (first.len() * second.len()) as f64;
    (share, [first[TRIES / 2], second[TRIES / 2]])
}
