//! Latency of protected routes while users sign in at full speed, over loopback.
//!
//! `cargo run --release -p auth-load -- --rate 400 --rounds 20` starts a server in a process of its own. The load is
//! open-loop: requests start at fixed times, and the latency counts from the intended start. So a server that stalls makes
//! every request late that should have started meanwhile, and not the one that waits (coordinated omission).
//!
//! Each round measures an idle and a loaded window. The windows with the lowest 99th percentile bear the noise of other
//! programs best, and the medians show it.

mod client;
mod server;

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use crate::client::{Latencies, Target};

const DEFAULT_RATE: u32 = 400;
const DEFAULT_ROUNDS: usize = 20;
/// How long a window is.
const WINDOW: Duration = Duration::from_secs(2);
/// How long the load runs before a window.
const WARM_UP: Duration = Duration::from_millis(500);
/// Threads that sign in, each with one request after the other.
const SIGN_INS: usize = 16;
/// The columns of the result, in thousandths.
const QUANTILES: [usize; 3] = [500, P99, 999];
const P99: usize = 990;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("--serve") => server::run(),
        _ => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the number after an option.
fn option<T: std::str::FromStr>(arguments: &[String], name: &str, default: T) -> Outcome<T> {
    let Some(index) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
    let value = arguments.get(index + 1).and_then(|value| value.parse().ok());
    value.ok_or_else(|| format!("{name} needs a number").into())
}

fn measure(arguments: &[String]) -> Outcome<()> {
    let rate = option(arguments, "--rate", DEFAULT_RATE)?;
    let rounds = option(arguments, "--rounds", DEFAULT_ROUNDS)?.max(1);
    let (_server, target) = start()?;
    let (mut idle, mut loaded, mut sign_ins) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        client::open_loop(&target, rate, WARM_UP)?;
        idle.push(client::open_loop(&target, rate, WINDOW)?);
        let users = client::SignIns::start(&target, SIGN_INS);
        client::open_loop(&target, rate, WARM_UP)?;
        let before = users.count();
        loaded.push(client::open_loop(&target, rate, WINDOW)?);
        sign_ins += users.count() - before;
        users.stop()?;
    }
    report(rate, &idle, &loaded, sign_ins);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn report(rate: u32, idle: &[Latencies], loaded: &[Latencies], sign_ins: usize) {
    let seconds = WINDOW.as_secs_f64() * idle.len() as f64;
    println!("{rate} requests per second, half by session and half by token; {} rounds\n", idle.len());
    println!("{:<30}{:>8}{:>8}{:>8}", "latency, ms", "p50", "p99", "p99.9");
    row("idle, best window", QUANTILES.map(|permille| best(idle).quantile(permille)));
    row("users sign in, best window", QUANTILES.map(|permille| best(loaded).quantile(permille)));
    row("idle, median", QUANTILES.map(|permille| median(idle, permille)));
    row("users sign in, median", QUANTILES.map(|permille| median(loaded, permille)));
    let ratio = best(loaded).quantile(P99) / best(idle).quantile(P99);
    println!("\np99 × {ratio:.2} in the best windows; {:.1} sign-ins per second", sign_ins as f64 / seconds);
}

fn row(name: &str, [p50, p99, late]: [f64; 3]) {
    println!("{name:<30}{p50:>8.3}{p99:>8.3}{late:>8.3}");
}

/// Returns the window with the lowest 99th percentile.
fn best(windows: &[Latencies]) -> &Latencies {
    windows.iter().min_by(|left, right| left.quantile(P99).total_cmp(&right.quantile(P99))).expect("a window")
}

/// Returns the median of a quantile over all windows, in milliseconds.
fn median(windows: &[Latencies], permille: usize) -> f64 {
    let mut values: Vec<f64> = windows.iter().map(|window| window.quantile(permille)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A server process. It ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server, and reads its address and credentials.
fn start() -> Outcome<(Server, Target)> {
    let mut child = Command::new(env::current_exe()?).arg("--serve").stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("no output of the server")?).lines();
    let server = Server(child);
    let lines = lines.take(3).collect::<Result<Vec<_>, _>>()?;
    let [port, cookie, token] = <[String; 3]>::try_from(lines).map_err(|_| "the server has not started")?;
    Ok((server, Target { port: port.parse()?, cookie, token }))
}
