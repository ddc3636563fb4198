//! A store of a million users: whether import, sign-in and lists stay usable.
//!
//! `cargo bench -p auth-benches --bench store -- --users 1000000`, on SQLite in a temporary folder, and on the databases
//! that `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` name (`tests/services up` starts them). Not in parallel with anything.

use std::{
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use auth_runtime::{
    api_key::ApiKeyStore,
    client_ip::ClientAddress,
    credential::BasicCredentials,
    prelude::*,
    users::{UserStore, hash_password},
};
use auth_store::{NewKey, NewUser, Page, SqlUsers};
use tokio::runtime::Runtime;

const BATCH: usize = 1000;
const ROUNDS: usize = 200;
const PASSWORD: &str = "correct horse battery staple";
/// And one of how many users has them.
const RARE_ROLES: [(&str, usize); 2] = [("Auditor", 1500), ("Reviewer", 400)];
const ROLES: [&str; 3] = ["Viewer", "User", "Administrator"];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let users = match users() {
        Ok(Some(users)) => users,
        // `cargo test` builds and starts it, and is not to wait for it.
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

/// What is asked for: `--users N`, and nothing without `--bench`, which cargo adds.
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
        return Err(format!("{database}: there are users already; the database must be empty").into());
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
    each("a user who is remembered", async |_| UserStore::find(&store, &name(1)).await.map(drop)).await?;
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
    let start = Instant::now();
    store.count().await?;
    row("counting them", &format!("{:.1} ms", milliseconds(start.elapsed())));
    store.close().await;
    println!();
    Ok(())
}

/// The median and the 99th of a hundred of some rounds.
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
