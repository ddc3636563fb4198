//! What the demo prints when it starts: who there is, and what to try.

use std::fmt::{self, Display};

use super::{Demo, people::MACHINE};

/// The last line: what comes after it is the log.
pub const LAST_LINE: &str = "Ctrl-C ends it. What follows is the log.";

/// The text for one run at one address, such as `http://127.0.0.1:3000`.
#[derive(Debug)]
pub struct Welcome<'a> {
    /// The users and keys.
    pub demo: &'a Demo,
    /// Where it listens.
    pub address: String,
}

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { demo, address } = self;
        writeln!(f, "The entry book listens on {address}")?;
        writeln!(f, "Documentation, and a page to try it: {address}/docs\n")?;
        writeln!(f, "Users (the passwords are for this run):\n")?;
        writeln!(f, "  {:<8}{:<16}password", "name", "role")?;
        for person in &demo.people {
            writeln!(f, "  {:<8}{:<16}{}", person.name, person.role.name(), person.password)?;
        }
        writeln!(f, "\nAPI key of {MACHINE:?}, a Viewer:\n\n  {}\n", demo.key)?;
        writeln!(f, "Lines to paste:\n")?;
        for Line { title, status, command } in self.lines() {
            writeln!(f, "  # {title}: {status}\n  {command}\n")?;
        }
        writeln!(f, "{LAST_LINE}")
    }
}

/// A command, and what it answers.
struct Line {
    title: &'static str,
    status: u16,
    command: String,
}

impl Welcome<'_> {
    fn lines(&self) -> Vec<Line> {
        let url = &self.address;
        let json = "-H 'Content-Type: application/json'";
        let key = format!("-H 'X-API-Key: {}'", self.demo.key);
        let line = |title, status, command| Line { title, status, command };
        vec![
            line("Public", 200, format!("curl -i {url}/health")),
            line("Optional, without a credential", 200, format!("curl -i {url}/hello")),
            line("Optional, but what is sent must be valid", 401, format!("curl -i -u alice:wrong {url}/hello")),
            line("No credential", 401, format!("curl -i {url}/entries")),
            line("By password", 200, format!("curl -i {} {url}/entries", self.user("vera"))),
            line("By API key", 200, format!("curl -i {key} {url}/entries")),
            line("By token", 200, format!("curl -i {} {url}/me", self.token("alice", ""))),
            line(
                "By a token for one scope, which is not enough here",
                403,
                format!(
                    "curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries",
                    self.token("alice", " -d scope=view")
                ),
            ),
            line(
                "A user writes",
                201,
                format!("curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries", self.user("alice")),
            ),
            line(
                "The author changes it",
                200,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Hi\"}}' {url}/entries/1", self.user("alice")),
            ),
            line(
                "Another user may not",
                403,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Ha\"}}' {url}/entries/1", self.user("bob")),
            ),
            line(
                "Who may call is settled before the body is read",
                401,
                format!("curl -i {json} -d 'no JSON' {url}/entries"),
            ),
            line("A plain handler, for administrators", 200, format!("curl -i {} {url}/admin", self.user("ada"))),
            line("A protected subtree", 200, format!("curl -i {} {url}/export/entries.txt", self.user("bob"))),
        ]
    }

    fn user(&self, name: &str) -> String {
        format!("-u {name}:{}", self.password(name))
    }

    /// A header with a token that is fetched in the same line.
    fn token(&self, name: &str, more: &str) -> String {
        let (url, password) = (&self.address, self.password(name));
        format!(
            "-H \"Authorization: Bearer $(curl -s -d grant_type=password -d username={name} -d password={password}\
             {more} {url}/auth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\""
        )
    }

    fn password(&self, name: &str) -> &str {
        let person = self.demo.people.iter().find(|person| person.name == name);
        person.map_or("", |person| &person.password)
    }
}
