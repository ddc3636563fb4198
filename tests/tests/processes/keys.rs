//! An administrator who adds and retires signing keys at both processes.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use fastrand::Rng;
use reqwest::Method;
use tokio::time::sleep;

use crate::{
    process::{Answer, Caller},
    round::Round,
};

const PATH: &str = "/test/keys";

/// The keys that answers have named, and whether each is retired.
#[derive(Default)]
pub(crate) struct Keys {
    known: BTreeMap<String, bool>,
    lost: Option<Lost>,
}

/// A change without an answer.
enum Lost {
    Add,
    Retire(String),
}

impl Keys {
    /// Adds and retires keys until the end of the round.
    pub(crate) async fn act(&mut self, round: &Round<'_>, rng: &mut Rng) {
        while !round.is_over() && self.lost.is_none() {
            let here = rng.usize(..2);
            let unretired: Vec<String> = self.unretired();
            self.lost = match rng.choice(unretired).filter(|_| rng.u8(..3) == 0) {
                Some(id) => self.retire(round, here, id).await,
                None => self.add(round, here).await,
            };
            sleep(Duration::from_millis(rng.u64(..40))).await;
        }
    }

    fn unretired(&self) -> Vec<String> {
        self.known.iter().filter(|(_, is_retired)| !**is_retired).map(|(id, _)| id.clone()).collect()
    }

    async fn add(&mut self, round: &Round<'_>, here: usize) -> Option<Lost> {
        let answer = send(round, here, Method::POST, PATH).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::Add) };
        assert_eq!(answer.status, 200, "{answer:?}");
        self.known.insert(answer.json.as_str().expect("a key").to_owned(), false);
        None
    }

    async fn retire(&mut self, round: &Round<'_>, here: usize, id: String) -> Option<Lost> {
        let answer = send(round, here, Method::DELETE, &format!("{PATH}?{id}")).await;
        let Some(answer) = round.known(here, answer) else { return Some(Lost::Retire(id)) };
        assert_eq!(answer.status, 200, "{answer:?}");
        self.known.insert(id, true);
        None
    }

    /// Adds a key that signs at once. Returns whether it was answered.
    pub(crate) async fn replace_signing_key(round: &Round<'_>, here: usize) -> bool {
        let answer = send(round, here, Method::POST, &format!("{PATH}?now")).await;
        round.known(here, answer).inspect(|answer| assert_eq!(answer.status, 200, "{answer:?}")).is_some()
    }

    /// Asserts that one key signs, and that a replaced one still verifies.
    pub(crate) async fn settle_signing_key(round: &Round<'_>, is_answered: bool) {
        let found = [states(round, 0).await, states(round, 1).await];
        assert_eq!(found[0], found[1]);
        let count = |wanted: &str| found[0].values().filter(|state| *state == wanted).count();
        assert!(count("signing") == 1 && count("verifying") <= 1, "{found:?}");
        assert!(count("verifying") == 1 || !is_answered, "the new key is lost: {found:?}");
    }

    /// Asserts that each process finds all keys, each in its state, and one that signs.
    pub(crate) async fn settle(&mut self, round: &Round<'_>) {
        let lost = self.lost.take();
        let mut found = [states(round, 0).await, states(round, 1).await];
        assert_eq!(found[0], found[1]);
        let mut found = std::mem::take(&mut found[0]);
        assert_eq!(found.values().filter(|state| *state == "signing").count(), 1, "{found:?}");
        found.retain(|_, state| state != "signing");
        if let Some(Lost::Retire(id)) = &lost {
            self.known.insert(id.clone(), found.get(id).is_some_and(|state| state == "retired"));
        }
        for (id, is_retired) in &self.known {
            let state = if *is_retired { "retired" } else { "published" };
            assert_eq!(found.remove(id).as_deref(), Some(state), "{id}");
        }
        let may_add = usize::from(matches!(lost, Some(Lost::Add)));
        assert!(found.len() <= may_add, "keys that were not asked for: {found:?}");
        self.known.extend(found.into_keys().map(|id| (id, false)));
    }
}

/// Returns the states of the keys by their ids.
async fn states(round: &Round<'_>, here: usize) -> BTreeMap<String, String> {
    let answer = send(round, here, Method::GET, PATH).await;
    let answer = round.known(here, answer).expect("the fault is over");
    serde_json::from_value::<Vec<(String, String)>>(answer.json).expect("keys").into_iter().collect()
}

async fn send(round: &Round<'_>, here: usize, method: Method, path: &str) -> Option<Answer> {
    let administrator = Caller::anonymous(IpAddr::from([10, 1, 0, 0]));
    round.world.processes[here].send(method, path, &administrator, None).await
}
