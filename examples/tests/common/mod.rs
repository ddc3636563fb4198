//! Runs the binaries as a user does.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{
    io::{self, BufRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

/// A process that is killed at the end of the test.
pub(crate) struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    log: Receiver<io::Result<String>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped")).lines();
        let log = read(child.stderr.take().expect("piped"));
        Self { child, stdout, log }
    }

    /// Returns the lines on stdout, up to the first with this text.
    pub(crate) fn printed_until(&mut self, text: &str) -> Vec<String> {
        until(&mut self.stdout, text)
    }

    /// Returns the lines of the log, up to the first with this text.
    pub(crate) fn logged_until(&mut self, text: &str) -> Vec<String> {
        until(self.log.iter(), text)
    }

    /// Returns whether the process logs a line with this text before it ends.
    pub(crate) fn logs(&mut self, text: &str) -> bool {
        self.log.iter().any(|line| line.expect("UTF-8").contains(text))
    }

    /// Returns the lines of the log until the process ends.
    pub(crate) fn rest_of_log(&mut self) -> Vec<String> {
        self.log.iter().map(|line| line.expect("UTF-8")).collect()
    }

    /// Returns whether the process did not end yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of this process").is_none()
    }

    /// Sends the signal of Ctrl-C, and waits for the end of the process.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        self.signal("INT");
        self.wait()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("`sh` starts").success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the process ends")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            self.log.try_iter().flatten().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// Reads the log in the background: the process would block on a full pipe.
fn read(stderr: ChildStderr) -> Receiver<io::Result<String>> {
    let (sender, log) = channel();
    thread::spawn(move || BufReader::new(stderr).lines().try_for_each(|line| sender.send(line)));
    log
}

fn until(lines: impl Iterator<Item = io::Result<String>>, text: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for line in lines {
        let line = line.expect("UTF-8");
        let is_last = line.contains(text);
        seen.push(line);
        if is_last {
            return seen;
        }
    }
    panic!("it ended without {text:?}: {seen:#?}")
}

/// Runs a line in a shell, and returns its output.
pub(crate) fn paste(line: &str) -> String {
    let shell = Command::new("sh").args(["-c", line]).env("NO_PROXY", "*").stderr(Stdio::null()).output();
    String::from_utf8(shell.expect("`sh` is there").stdout).expect("UTF-8")
}

/// Returns the status in the output of `curl -i`.
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// Returns the stderr and the exit code of a process that refuses to start.
pub(crate) fn refusal(command: &mut Command) -> (String, Option<i32>) {
    let output = command.output().expect("the binary starts");
    assert!(output.stdout.is_empty(), "{output:?}");
    (String::from_utf8(output.stderr).expect("UTF-8"), output.status.code())
}
