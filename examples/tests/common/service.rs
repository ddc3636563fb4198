//! Starts an example on a free port, and sends requests to it over HTTP.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    basic::basic,
    common::Running,
    http::{Answer, Request},
};

/// An example that is running.
pub(crate) struct Service {
    /// In a mutex, so that threads can share the service.
    process: Mutex<Running>,
    url: String,
}

impl Service {
    /// Starts an example with these environment variables.
    pub(crate) fn start(binary: &str, settings: &[(&str, &str)]) -> Self {
        // Another process may take the free port first.
        (0..10).find_map(|_| Self::start_on(free_port(), binary, settings)).expect("the example starts")
    }

    fn start_on(port: u16, binary: &str, settings: &[(&str, &str)]) -> Option<Self> {
        let mut command = command(binary, settings);
        let mut process = Running::start(command.env("PORT", port.to_string()));
        while process.is_running() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() && process.is_running() {
                return Some(Self { process: Mutex::new(process), url: format!("http://127.0.0.1:{port}") });
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::get(&format!("{}{path}", self.url)).method(method)
    }

    /// Sends a request with a user name and a password.
    pub(crate) fn call(&self, method: &str, path: &str, name: &str, password: &str) -> Answer {
        self.request(method, path).header("Authorization", &basic(name, password)).send()
    }

    /// Returns the lines on stdout, up to the first with this text.
    pub(crate) fn printed_until(&mut self, text: &str) -> Vec<String> {
        self.process.get_mut().unwrap_or_else(PoisonError::into_inner).printed_until(text)
    }

    /// Stops the example and returns its log.
    pub(crate) fn stop(self) -> Vec<String> {
        let mut process = self.process.into_inner().unwrap_or_else(PoisonError::into_inner);
        process.interrupt();
        process.rest_of_log()
    }
}

/// Returns a command without the environment of the test.
pub(crate) fn command(binary: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().envs(settings.iter().copied());
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
