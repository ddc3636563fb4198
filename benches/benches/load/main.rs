//! Latency of protected routes while users sign in at full speed, over loopback.
//!
//! `cargo bench -p auth-benches --bench load -- --rate 400 --seconds 20` starts a server in a process of its own. The load is
//! open-loop: requests start at fixed times, and the latency counts from the intended start. So a server that stalls makes
//! every request late that should have started meanwhile, and not the one that waits (coordinated omission).

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
const DEFAULT_SECONDS: u64 = 20;
const WARM_UP: Duration = Duration::from_secs(2);
/// Threads that sign in, each with one request after the other.
const SIGN_INS: usize = 16;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("--serve") => server::run(),
        // `cargo test` also starts this binary; the measurement would delay it.
        _ if !arguments.iter().any(|argument| argument == "--bench") => Ok(()),
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
    let time = Duration::from_secs(option(arguments, "--seconds", DEFAULT_SECONDS)?);
    let (server, target) = start()?;
    client::open_loop(&target, rate, WARM_UP)?;
    let idle = client::open_loop(&target, rate, time)?;
    let sign_ins = client::SignIns::start(&target, SIGN_INS);
    client::open_loop(&target, rate, WARM_UP)?;
    let before = sign_ins.count();
    let loaded = client::open_loop(&target, rate, time)?;
    let count = sign_ins.count() - before;
    sign_ins.stop()?;
    drop(server);
    report(rate, time, &idle, &loaded, count);
    Ok(())
}

fn report(rate: u32, time: Duration, idle: &Latencies, loaded: &Latencies, sign_ins: usize) {
    println!("{rate} requests per second for {} s, half by session and half by token\n", time.as_secs());
    println!("{:<22}{:>10}{:>10}{:>10}{:>10}", "latency, ms", "p50", "p99", "p99.9", "max");
    let row = |name: &str, latencies: &Latencies| {
        let [p50, p99, late, max] = [500, 990, 999, 1000].map(|permille| latencies.percentile(permille));
        println!("{name:<22}{p50:>10.3}{p99:>10.3}{late:>10.3}{max:>10.3}");
    };
    row("idle", idle);
    row("while users sign in", loaded);
    let ratio = loaded.percentile(990) / idle.percentile(990);
    println!("\np99 × {ratio:.2}; {:.1} sign-ins per second", sign_ins as f64 / time.as_secs_f64());
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
