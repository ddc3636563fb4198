//! The load: threads with a connection each.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::Outcome;

/// Users that sign in, one after the other, so that no password is cached.
pub(crate) const USERS: usize = 20_000;
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Connections of the open loop. A request waits only if all of them are late.
const CONNECTIONS: u32 = 32;

pub(crate) fn user_name(number: usize) -> String {
    format!("user{number}")
}

/// Where the server is, and the credentials that it accepts.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) cookie: String,
    pub(crate) token: String,
}

/// A connection that is kept alive.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", target.port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, and reads the response up to its last byte.
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(request)?;
        let (mut line, mut status, mut length) = (String::new(), String::new(), 0);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            match line.trim_end().split_once(' ') {
                Some((version, rest)) if version.starts_with("HTTP/") => rest.clone_into(&mut status),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length:") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                None => break,
                Some(_) => {}
            }
        }
        io::copy(&mut self.0.by_ref().take(length), &mut io::sink())?;
        if status.starts_with('2') { Ok(()) } else { Err(io::Error::other(format!("the server answered {status}"))) }
    }
}

/// The latencies of the requests, from their intended start to the last byte of the response.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Returns a quantile in milliseconds.
    pub(crate) fn quantile(&self, permille: usize) -> f64 {
        let index = (self.0.len() * permille / 1000).min(self.0.len() - 1);
        self.0[index].as_secs_f64() * 1000.0
    }
}

/// Sends requests at a fixed rate, whether or not the former ones were answered.
pub(crate) fn open_loop(target: &Target, rate: u32, time: Duration) -> Outcome<Latencies> {
    let each = Duration::from_secs(1) / rate;
    let start = Instant::now() + Duration::from_millis(100);
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|first| {
            let target = target.clone();
            thread::spawn(move || send_every(&target, start + each * first, each * CONNECTIONS, start + time))
        })
        .collect();
    let mut latencies = Vec::new();
    for thread in threads {
        latencies.extend(thread.join().map_err(|_| "a thread has panicked")??);
    }
    latencies.sort_unstable();
    Ok(Latencies(latencies))
}

/// Sends a request at each of the intended times.
fn send_every(target: &Target, first: Instant, pause: Duration, end: Instant) -> io::Result<Vec<Duration>> {
    let mut connection = Connection::open(target)?;
    let requests = [
        format!("GET /entry HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {}\r\n\r\n", target.cookie),
        format!("GET /entry HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\r\n", target.token),
    ];
    let mut latencies = Vec::new();
    let mut intended = first;
    for request in requests.iter().cycle() {
        if intended >= end {
            break;
        }
        thread::sleep(intended.saturating_duration_since(Instant::now()));
        connection.send(request.as_bytes())?;
        latencies.push(intended.elapsed());
        intended += pause;
    }
    Ok(latencies)
}

/// Threads that sign users in at full speed.
pub(crate) struct SignIns {
    done: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl SignIns {
    pub(crate) fn start(target: &Target, threads: usize) -> Self {
        let (next, done, is_over) = (Arc::default(), Arc::default(), Arc::default());
        let sign_in = || {
            let (target, next) = (target.clone(), Arc::clone(&next));
            let (done, is_over) = (Arc::clone(&done), Arc::clone(&is_over));
            thread::spawn(move || sign_in(&target, &next, &done, &is_over))
        };
        let threads = (0..threads).map(|_| sign_in()).collect();
        Self { done, is_over, threads }
    }

    /// Returns how many have signed in.
    pub(crate) fn count(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(self) -> Outcome<()> {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| "a thread has panicked")??;
        }
        Ok(())
    }
}

fn sign_in(target: &Target, next: &AtomicUsize, done: &AtomicUsize, is_over: &AtomicBool) -> io::Result<()> {
    let mut connection = Connection::open(target)?;
    while !is_over.load(Ordering::Relaxed) {
        let user = user_name(next.fetch_add(1, Ordering::Relaxed) % USERS);
        let body = format!(r#"{{"username":"{user}","password":"{PASSWORD}"}}"#);
        let head = format!(
            "POST /auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.send((head + &body).as_bytes())?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
