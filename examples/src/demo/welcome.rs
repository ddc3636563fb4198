//! What the demo prints when it starts: who there is, and what to try.

use std::fmt::{self, Display};

use super::{
    Demo,
    people::{FirstUsers, MACHINE},
};

/// The last line: what comes after it is the log.
pub const LAST_LINE: &str = "Ctrl-C ends it. What follows is the log.";

/// The text for one run at one address, such as `http://127.0.0.1:3000`.
#[derive(Debug)]
pub struct Welcome<'a> {
    /// The users and keys.
    pub demo: &'a Demo,
    /// Where it listens.
    pub address: String,
    /// Where the users are kept.
    pub database: String,
    /// How the demo is run for them, such as `cargo run --`.
    pub command: String,
}

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { demo, address, database, command } = self;
        writeln!(f, "The entry book listens on {address}")?;
        writeln!(f, "Documentation, and a page to try it: {address}/docs\n")?;
        match &demo.first {
            Some(first) => self.first(f, first)?,
            None => writeln!(
                f,
                "Users are those of {database}. Their passwords and keys were shown when they were made.\n\n  \
                 {command} user list\n  {command} user set-password alice --generate\n"
            )?,
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
    /// Those who were made just now, with what is shown this once.
    fn first(&self, f: &mut fmt::Formatter<'_>, first: &FirstUsers) -> fmt::Result {
        let Self { database, command, .. } = self;
        writeln!(f, "Users, made just now in {database}. The passwords are shown this once, and expire in 7 days:\n")?;
        writeln!(f, "  {:<8}{:<16}password", "name", "role")?;
        for person in &first.people {
            writeln!(f, "  {:<8}{:<16}{}", person.name, person.role.name(), person.password)?;
        }
        writeln!(f, "\nAPI key of {MACHINE:?}, a Viewer:\n\n  {}\n", first.key)?;
        writeln!(f, "To administer them, here and while it runs:\n\n  {command} user list\n  {command} user --help\n")?;
        writeln!(f, "Lines to paste:\n")?;
        for Line { title, status, command } in self.lines(first) {
            writeln!(f, "  # {title}: {status}\n  {command}\n")?;
        }
        Ok(())
    }

    fn lines(&self, first: &FirstUsers) -> Vec<Line> {
        let url = &self.address;
        let json = "-H 'Content-Type: application/json'";
        let key = format!("-H 'X-API-Key: {}'", first.key);
        let line = |title, status, command| Line { title, status, command };
        vec![
            line("Public", 200, format!("curl -i {url}/health")),
            line("Optional, without a credential", 200, format!("curl -i {url}/hello")),
            line("Optional, but what is sent must be valid", 401, format!("curl -i -u alice:wrong {url}/hello")),
            line("No credential", 401, format!("curl -i {url}/entries")),
            line("By password", 200, format!("curl -i {} {url}/entries", first.user("vera"))),
            line("By API key", 200, format!("curl -i {key} {url}/entries")),
            line("By token", 200, format!("curl -i {} {url}/me", self.token(first, "alice", ""))),
            line(
                "By a token for one scope, which is not enough here",
                403,
                format!(
                    "curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries",
                    self.token(first, "alice", " -d scope=view")
                ),
            ),
            line(
                "A user writes",
                201,
                format!("curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries", first.user("alice")),
            ),
            line(
                "The author changes it",
                200,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Hi\"}}' {url}/entries/1", first.user("alice")),
            ),
            line(
                "Another user may not",
                403,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Ha\"}}' {url}/entries/1", first.user("bob")),
            ),
            line(
                "Who may call is settled before the body is read",
                401,
                format!("curl -i {json} -d 'no JSON' {url}/entries"),
            ),
            line("Everybody may choose a password that does not expire", 204, self.choose(first, "vera")),
            line("A plain handler, for administrators", 200, format!("curl -i {} {url}/admin", first.user("ada"))),
            line("A protected subtree", 200, format!("curl -i {} {url}/export/entries.txt", first.user("bob"))),
        ]
    }

    /// Another password, which is in no source either.
    fn choose(&self, first: &FirstUsers, name: &str) -> String {
        let (url, current) = (&self.address, first.password(name));
        let json = "-H 'Content-Type: application/json'";
        let body = format!("{{\"current\": \"{current}\", \"new\": \"{current}-2\"}}");
        format!("curl -i {} -X PUT {json} -d '{body}' {url}/me/password", first.user(name))
    }

    /// A header with a token that is fetched in the same line.
    fn token(&self, first: &FirstUsers, name: &str, more: &str) -> String {
        let (url, password) = (&self.address, first.password(name));
        format!(
            "-H \"Authorization: Bearer $(curl -s -d grant_type=password -d username={name} -d password={password}\
             {more} {url}/auth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\""
        )
    }
}

impl FirstUsers {
    fn user(&self, name: &str) -> String {
        format!("-u {name}:{}", self.password(name))
    }

    fn password(&self, name: &str) -> &str {
        let person = self.people.iter().find(|person| person.name == name);
        person.map_or("", |person| &person.password)
    }
}
