//! The text that the demo prints at its start: the users, and commands to try.

use std::fmt::{self, Display};

use super::{
    Demo,
    people::{FirstUsers, MACHINE},
};

/// The last line of the text. The log follows.
pub const LAST_LINE: &str = "Press Ctrl-C to stop. The log follows.";

/// The text for one run.
#[derive(Debug)]
pub struct Welcome<'a> {
    /// The running demo.
    pub demo: &'a Demo,
    /// The base URL, such as `http://127.0.0.1:3000`.
    pub address: String,
    /// The database of the users.
    pub database: String,
    /// The command that runs the demo on this database, such as `cargo run --`.
    pub command: String,
}

impl Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { demo, address, database, command } = self;
        writeln!(f, "The entry book listens on {address}")?;
        writeln!(f, "Sign in with a browser: {address}/ (over plain http, on this machine only)")?;
        writeln!(f, "Documentation, with a page to send requests: {address}/docs")?;
        writeln!(f, "Mails, such as the link for a forgotten password, are printed here\n")?;
        match &demo.first {
            Some(first) => self.first(f, first)?,
            None => writeln!(
                f,
                "Using the users in {database}. Their passwords and keys were shown at the first start.\n\n  \
                 {command} user list\n  {command} user set-password alice --generate\n"
            )?,
        }
        writeln!(f, "{LAST_LINE}")
    }
}

/// A command to try, and its status.
struct Line {
    title: &'static str,
    status: u16,
    command: String,
}

impl Welcome<'_> {
    /// Writes the new users with their secrets, and commands to try.
    fn first(&self, f: &mut fmt::Formatter<'_>, first: &FirstUsers) -> fmt::Result {
        let Self { database, command, .. } = self;
        writeln!(f, "New users in {database}. Their passwords are shown only now, and expire in 7 days:\n")?;
        writeln!(f, "  {:<8}{:<16}password", "name", "role")?;
        for person in &first.people {
            writeln!(f, "  {:<8}{:<16}{}", person.name, person.role.name(), person.password)?;
        }
        writeln!(
            f,
            "\nTheir e-mail addresses are name@example.com.\n\nAPI key of {MACHINE:?}, a Viewer:\n\n  {}\n",
            first.key
        )?;
        writeln!(
            f,
            "Commands to administer the users, also while the demo runs:\n\n  {command} user list\n  {command} user --help\n"
        )?;
        writeln!(f, "Commands to try in another terminal:\n")?;
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
            line("Optional, with a wrong password", 401, format!("curl -i -u alice:wrong {url}/hello")),
            line("No credential", 401, format!("curl -i {url}/entries")),
            line("With a password", 200, format!("curl -i {} {url}/entries", first.user("vera"))),
            line("With an API key", 200, format!("curl -i {key} {url}/entries")),
            line("With a token", 200, format!("curl -i {} {url}/auth/me", self.token(first, "alice", ""))),
            line(
                "With a token whose scope is not enough",
                403,
                format!(
                    "curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries",
                    self.token(first, "alice", " -d scope=view")
                ),
            ),
            line(
                "A user writes an entry",
                201,
                format!("curl -i {} {json} -d '{{\"text\": \"Hello\"}}' {url}/entries", first.user("alice")),
            ),
            line(
                "The author changes the entry",
                200,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Hi\"}}' {url}/entries/1", first.user("alice")),
            ),
            line(
                "Another user may not change it",
                403,
                format!("curl -i {} -X PUT {json} -d '{{\"text\": \"Ha\"}}' {url}/entries/1", first.user("bob")),
            ),
            line("Access is denied before the body is read", 401, format!("curl -i {json} -d 'no JSON' {url}/entries")),
            line("A user chooses a password that does not expire", 204, self.choose(first, "vera")),
            line("A plain Poem handler for administrators", 200, format!("curl -i {} {url}/admin", first.user("ada"))),
            line("A protected subtree", 200, format!("curl -i {} {url}/export/entries.txt", first.user("bob"))),
        ]
    }

    /// Returns a command that changes a user's password. The new one is derived from the random one.
    fn choose(&self, first: &FirstUsers, name: &str) -> String {
        let (url, current) = (&self.address, first.password(name));
        let json = "-H 'Content-Type: application/json'";
        let body = format!("{{\"current\": \"{current}\", \"new\": \"{current}-2\"}}");
        format!("curl -i {} -X PUT {json} -d '{body}' {url}/me/password", first.user(name))
    }

    /// Returns a curl option with a token header. The shell fetches the token when it runs the command.
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
