//! Measures import, sign-in and lists on a store of a million users.
//!
//! `cargo bench -p auth-benches --bench store -- --users 1000000` runs on SQLite in a temporary folder, and on the
//! databases in `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` (`tests/services up` starts them). Run nothing in parallel.

use std::{
    env,
    error::Error,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use auth_runtime::{
    api_key::ApiKeyStore,
    client_ip::ClientAddress,
    credential::BasicCredentials,
    prelude::*,
    session::{Session, SessionStore},
    users::{UserStore, hash_password},
};
use auth_store::{NewKey, NewUser, Page, SqlUsers};
use serde_json::json;
use tokio::runtime::Runtime;

const BATCH: usize = 1000;
const ROUNDS: usize = 200;
const SESSIONS: usize = 10_000;
const PASSWORD: &str = "correct horse battery staple";
/// Rare roles: one of this many users has the role.
const RARE_ROLES: [(&str, usize); 2] = [("Auditor", 1500), ("Reviewer", 400)];
const ROLES: [&str; 3] = ["Viewer", "User", "Administrator"];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let users = match users() {
        Ok(Some(users)) => users,
        // `cargo test` also starts this binary; the measurement would delay it.
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store: {error}");
            return 2.into();
        }
    };
    let folder = env::temp_dir().join(format!("auth-benches-{}", std::process::id()));
    let outcome = std::fs::create_dir(&folder).map_err(Into::into).and_then(|()| {
        let runtime = Runtime::new()?;
        let file = format!("sqlite:{}", folder.join("users.db").display());
        runtime.block_on(measure("SQLite", &file, users))?;
        for (name, variable) in [("PostgreSQL", "TEST_POSTGRES_URL"), ("MariaDB", "TEST_MYSQL_URL")] {
            match env::var(variable) {
                Ok(url) => runtime.block_on(measure(name, &url, users))?,
                Err(_) => println!("{name}: skipped, as {variable} is not set\n"),
            }
        }
        Ok::<_, Box<dyn Error>>(())
    });
    let _ = std::fs::remove_dir_all(&folder);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the N of `--users N`, or `None` without the `--bench` that cargo adds.
fn users() -> Outcome<Option<usize>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(None);
    }
    match arguments.iter().position(|argument| argument == "--users") {
        Some(index) => Ok(Some(arguments.get(index + 1).ok_or("--users needs a number")?.parse()?)),
        None => Ok(Some(1_000_000)),
    }
}

fn name(number: usize) -> String {
    format!("user{number:07}@example.com")
}

async fn measure(database: &str, url: &str, users: usize) -> Outcome<()> {
    println!("{database}");
    let store = SqlUsers::options().freshness(Duration::from_secs(5)).connect(url).await?;
    if store.count().await? > 0 {
        return Err(format!("{database}: the database already has users; use an empty one").into());
    }
    let hash = hash_password(PASSWORD)?;
    let start = Instant::now();
    for first in (0..users).step_by(BATCH) {
        let user = |number| {
            let rare = RARE_ROLES.iter().filter(|(_, one_of)| number % one_of == 0).map(|(role, _)| *role);
            let user = NewUser::new(name(number)).password_hash(&hash).roles([ROLES[number % 3]]).roles(rare);
            user.display_name(format!("User {number}")).email(name(number))
        };
        let batch = (first..users.min(first + BATCH)).map(user).collect();
        for outcome in store.import(batch).await? {
            outcome?;
        }
    }
    let took = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let rate = users as f64 / took.as_secs_f64();
    row("import", &format!("{:.1} s, {rate:.0} users/s", took.as_secs_f64()));

    let far = |round: usize| name((round * 7919 + users / 2) % users);
    each("a user, from the database", async |round| store.find_at_sign_in(&far(round)).await.map(drop)).await?;
    each("a cached user", async |_| UserStore::find(&store, &name(1)).await.map(drop)).await?;
    each("a page of 50, the first", async |_| store.list(Page::of(50)).await.map(drop)).await?;
    each("a page of 50, anywhere", async |round| store.list(Page::of(50).after(far(round))).await.map(drop)).await?;
    for role in ["Administrator", "Reviewer", "Auditor"] {
        let page = |round| Page::of(50).after(far(round)).role(role);
        each(&format!("a page of 50 of role {role}"), async |round| store.list(page(round)).await.map(drop)).await?;
    }
    each("names of roles in use, as at start", async |_| store.names_in_use().await.map(drop)).await?;
    each("other roles for a user", async |round| store.set_roles(&far(round), ["User"]).await).await?;
    let (key, info) = store.create_key(&name(1), NewKey::unlimited()).await?;
    assert!(key.as_str().contains(&info.id));
    each("a key, remembered", async |_| ApiKeyStore::find(&store, &info.id).await.map(drop)).await?;

    let basic = Basic::new(store.clone());
    let sign_in = async |round: usize| {
        let credentials = BasicCredentials::new(far(round), PASSWORD);
        basic.verify(&credentials, ClientAddress::UNKNOWN).await.map(drop)
    };
    each("a sign-in, with its hash", sign_in).await?;
    end_sessions(&store).await?;
    let start = Instant::now();
    store.count().await?;
    row("counting them", &format!("{:.1} ms", milliseconds(start.elapsed())));
    store.close().await;
    println!();
    Ok(())
}

/// Ends 10,000 sessions of a user, while another user's session is read from the database.
async fn end_sessions(store: &SqlUsers) -> Outcome<()> {
    let [subject, other] = [store.get(&name(1)).await?.subject, store.get(&name(2)).await?.subject];
    for id in 0..SESSIONS {
        store.insert(session(&format!("{id:032x}"), &subject)?, None).await?;
    }
    store.insert(session("other", &other)?, None).await?;
    let is_over = AtomicBool::new(false);
    let end = async {
        let start = Instant::now();
        let ended = store.end_sessions_of(&name(1)).await;
        is_over.store(true, Ordering::Relaxed);
        ended.map(|count| (count, start.elapsed()))
    };
    let reads = async {
        let mut slowest = Duration::ZERO;
        while !is_over.load(Ordering::Relaxed) {
            let start = Instant::now();
            store.find_current("other").await?;
            slowest = slowest.max(start.elapsed());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok::<_, Unavailable>(slowest)
    };
    let (ended, slowest) = tokio::join!(end, reads);
    let ((count, took), slowest) = (ended?, milliseconds(slowest?));
    row(&format!("the end of {count} sessions"), &format!("{:.0} ms", milliseconds(took)));
    row("a session meanwhile, not cached", &format!("{slowest:.1} ms at most"));
    Ok(())
}

/// Returns a session, as a sign-in stores it.
fn session(id: &str, subject: &str) -> Outcome<Arc<Session>> {
    Ok(Arc::new(serde_json::from_value(json!({
        "id": id,
        "token_hash": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "issuer": "basic",
        "subject": subject,
        "user": { "stored": { "credential_epoch": 0 } },
        "created_at": 0,
        "authenticated_at": 0,
        "last_seen_at": 0,
        "expires_at": 4_102_444_800_u64,
        "acr": null,
        "methods": ["pwd"],
        "is_pending": false,
        "device": "Firefox on Linux",
        "address": "192.0.2.1",
    }))?))
}

/// Returns the median and the 99th percentile of the rounds.
async fn each<E>(what: &str, once: impl AsyncFn(usize) -> Result<(), E>) -> Result<(), E> {
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let start = Instant::now();
        once(round).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let [median, late] = [times[ROUNDS / 2], times[ROUNDS * 99 / 100]].map(milliseconds);
    row(what, &format!("{median:.3} ms, 99 %: {late:.3} ms"));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn row(what: &str, said: &str) {
    println!("  {what:<36}{said}");
}
