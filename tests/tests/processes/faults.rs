//! Faults: processes are killed, connections are cut, and database servers are stopped.

use std::{env, time::Duration};

use fastrand::Rng;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::{
    database::{Backend, TestDatabase},
    keys::Keys,
    process::Process,
    round::Round,
    user::User,
    world::{Client, PASSWORD, World},
};

/// How long a database is unavailable.
const OUTAGE: Duration = Duration::from_millis(1500);
/// How long the processes may take to use it again.
const RECOVERY: Duration = Duration::from_secs(30);

/// A history of rounds.
struct History {
    world: World,
    rng: Rng,
    keys: Keys,
    users: Vec<User>,
    rounds: usize,
}

impl History {
    async fn new(database: &TestDatabase, rounds: usize, patience: Duration) -> Self {
        // Redis has a bound that cannot be set.
        let bound = Duration::from_millis(if database.backend == Backend::Redis { 1000 } else { 300 });
        let seed =
            env::var("AUTH_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
        let rounds = env::var("AUTH_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(rounds);
        eprintln!("{}: AUTH_TEST_SEED={seed} AUTH_TEST_ROUNDS={rounds}", database.backend);
        let world = World::new(database, bound, patience).await;
        Self { world, rng: Rng::with_seed(seed), keys: Keys::default(), users: Vec::new(), rounds }
    }

    /// Asserts all promises after a fault.
    async fn settle(&mut self, mut users: Vec<User>) {
        let quiet = Round::quiet(&self.world);
        // What ended at the last moment may be known within the bound.
        sleep(self.world.bound).await;
        let orphans = join_all(users.iter_mut().map(|user| user.resolve(&quiet))).await;
        sleep(self.world.bound).await;
        for (user, orphans) in users.iter_mut().zip(orphans) {
            user.verify(&quiet).await;
            user.verify_list(&quiet, self.rng.usize(..2), orphans).await;
            user.verify_families(&quiet, &mut self.rng).await;
        }
        self.keys.settle(&quiet).await;
        self.users.extend(users);
    }

    /// Kills both processes while one of them replaces the key that signs.
    async fn replace_signing_key(&mut self) {
        let round = Round::new(&self.world, [true; 2], false);
        let pause = Duration::from_millis(self.rng.u64(..30));
        let kill = async {
            sleep(pause).await;
            self.world.processes.iter().for_each(Process::kill);
        };
        let (is_answered, ()) = tokio::join!(Keys::replace_signing_key(&round, 0), kill);
        join_all(self.world.processes.iter().map(Process::restart)).await;
        Keys::settle_signing_key(&Round::quiet(&self.world), is_answered).await;
    }

    /// Asserts all promises of all rounds.
    async fn finish(&self) {
        let quiet = Round::quiet(&self.world);
        sleep(self.world.bound).await;
        join_all(self.users.iter().map(|user| user.verify(&quiet))).await;
    }

    /// Waits until both processes use the database again.
    async fn recovered(&self, number: usize) {
        let name = format!("probe{number}");
        let start = Instant::now();
        self.world.add_user(&name).await;
        for process in &self.world.processes {
            let client = Client { process, address: [10, 2, 0, 0].into() };
            while !is_recovered(&client, &name).await {
                assert!(start.elapsed() < RECOVERY, "the processes do not use the database again");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Returns whether each kind of state can be read and written.
async fn is_recovered(client: &Client<'_>, name: &str) -> bool {
    let session = client.sign_in(name, PASSWORD, None).await.expect("the process runs");
    let tokens = client.tokens(name, PASSWORD).await.expect("the process runs");
    if session.status == 503 || tokens.status == 503 {
        return false;
    }
    let (cookie, token) = (session.cookie.expect("a session"), tokens.text("access_token"));
    let by_cookie = client.process.get("/auth/me", &client.caller().by_cookie(&cookie)).await;
    let by_token = client.process.get("/auth/me", &client.caller().by_token(&token)).await;
    let statuses = [by_cookie, by_token].map(|answer| answer.expect("the process runs").status);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    statuses == [200, 200]
}

/// Kills one process or both at a random moment, and starts them again.
pub(crate) async fn nothing_is_lost_or_doubled_by_a_kill(database: TestDatabase) {
    let mut history = History::new(&database, 6, Duration::from_mins(1)).await;
    for number in 0..history.rounds {
        let is_killed = [[true, false], [false, true], [true, true]][history.rng.usize(..3)];
        let world = &history.world;
        let killed = || world.processes.iter().zip(is_killed).filter_map(|(process, is)| is.then_some(process));
        let round = Round::new(world, is_killed, false);
        let kill = async { killed().for_each(Process::kill) };
        let users = round.run(number, &mut history.keys, &mut history.rng, kill).await;
        join_all(killed().map(Process::restart)).await;
        history.settle(users).await;
    }
    history.replace_signing_key().await;
    history.finish().await;
}

/// Cuts all connections, or locks the file of SQLite.
pub(crate) async fn nothing_is_lost_or_doubled_by_lost_connections(database: TestDatabase) {
    let mut history = History::new(&database, 3, Duration::from_secs(1)).await;
    for number in 0..history.rounds {
        let round = Round::new(&history.world, [false; 2], true);
        let users = round.run(number, &mut history.keys, &mut history.rng, cut(&database)).await;
        history.recovered(number).await;
        history.settle(users).await;
    }
    history.finish().await;
}

/// Stops or kills the server, and starts it again.
#[cfg(feature = "database-outage")]
pub(crate) async fn nothing_is_lost_or_doubled_by_a_restart(database: TestDatabase) {
    let mut history = History::new(&database, 4, Duration::from_secs(1)).await;
    for number in 0..history.rounds {
        let round = Round::new(&history.world, [false; 2], true);
        let restart = async {
            service(["stop", "kill"][number % 2], database.backend).await;
            sleep(OUTAGE).await;
            service("start", database.backend).await;
        };
        let users = round.run(number, &mut history.keys, &mut history.rng, restart).await;
        history.recovered(number).await;
        history.settle(users).await;
    }
    history.finish().await;
}

#[cfg(feature = "database-outage")]
async fn service(verb: &'static str, backend: Backend) {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("services");
    let mut command = std::process::Command::new(script);
    command.args([verb, &backend.to_string()]);
    let done = tokio::task::spawn_blocking(move || command.status().expect("the script exists")).await;
    assert!(done.expect("no panic").success(), "{verb} {backend}");
}

async fn cut(database: &TestDatabase) {
    let name = &database.name;
    if database.backend == Backend::Sqlite {
        let lock = database.begin("UPDATE auth_epoch SET epoch = epoch").await;
        sleep(OUTAGE).await;
        return TestDatabase::end(lock, "ROLLBACK").await;
    }
    let start = Instant::now();
    while start.elapsed() < OUTAGE {
        if database.backend == Backend::Postgres {
            let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND";
            database.number(&format!("{end} datname = '{name}'")).await;
        } else {
            let others = "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND";
            for id in database.texts(&format!("{others} db = '{name}'")).await {
                // It may have ended meanwhile.
                let kill = format!("BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; KILL {id}; END");
                database.execute(&kill).await;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
