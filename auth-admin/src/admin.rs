//! From a command to its end: settings, log, store, the command itself, and one line if it was not done.

use auth_runtime::{guard::AuthConfig, users::Passwords};
use auth_store::SqlUsers;
use tracing::instrument::WithSubscriber;

use crate::{
    AdminCommand, Console, Exit, SettingError, Settings,
    access::Declared,
    command::Verb,
    exit::Failure,
    log::{Log, TARGET, operator},
    session::Session,
    settings::Store,
};

/// Runs commands, for one application or for none.
#[must_use = "call `run`"]
pub struct Admin {
    parser: clap::Command,
    declared: Option<Declared>,
    default_url: Option<String>,
    passwords: Passwords,
    console: Console,
}

impl Admin {
    /// For the application with this `Auth`: roles and permissions that it does not declare are refused, and told of if
    /// they are in the database. The parser is that which the commands are part of, such as `Options::command()`: its name
    /// stands before each message.
    pub fn of<A: AuthConfig>(parser: clap::Command) -> Self {
        Self { declared: Some(Declared::of::<A>()), ..Self::without_tables(parser) }
    }

    /// For no application: every name of a role or a permission is taken.
    pub fn without_tables(parser: clap::Command) -> Self {
        Self {
            console: Console::standard().of(parser.get_name()),
            parser,
            declared: None,
            default_url: None,
            passwords: Passwords::new(),
        }
    }

    /// The database, if [`Settings`] name none. There is none unless set.
    pub fn default_database_url(mut self, url: impl Into<String>) -> Self {
        self.default_url = Some(url.into());
        self
    }

    /// How passwords are judged and hashed: as the application does it. The secret key of [`Settings`] is added.
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Where commands read and write: the standard input, output and error unless set.
    pub fn console(mut self, console: Console) -> Self {
        self.console = console.of(self.parser.get_name());
        self
    }

    /// Runs a command on the database of these settings. Nothing but `migrate` makes or changes tables.
    ///
    /// Changes, and what was refused, are events of [`tracing`] with the target `auth_admin`; with a log file they are
    /// written there, and nowhere else.
    pub async fn run(mut self, command: AdminCommand, settings: &Settings) -> Exit {
        let ended = self.try_run(command.0, settings).await;
        self.end(ended)
    }

    /// Runs a command on a store that the application has connected, with its tables: it should be the one that requests
    /// are judged by, so that changes count at once. Settings are those of the store.
    pub async fn run_on(mut self, command: AdminCommand, users: &SqlUsers) -> Exit {
        let ended = self.work(command.0, users, None).await;
        self.end(ended)
    }

    async fn try_run(&mut self, verb: Verb, settings: &Settings) -> Result<(), Failure> {
        if let Verb::Completions { shell } = verb {
            return self.complete(shell);
        }
        let log = settings.open_log_file()?.map(Log::to);
        let is_migration = matches!(verb, Verb::Migrate(_));
        let store = settings.store(
            self.default_url.as_deref(),
            self.passwords.clone(),
            self.declared.as_ref(),
            is_migration,
        )?;
        let Store { users, described } = &store;
        let ended = match &log {
            Some(log) => self.work(verb, users, Some(described)).with_subscriber(log.dispatch.clone()).await,
            None => self.work(verb, users, Some(described)).await,
        };
        let ended = ended.map_err(|failure| failure.of_database(described));
        users.close().await;
        match log.and_then(|log| log.failure()) {
            Some(reason) => Err(not_logged(ended, &reason)),
            None => ended,
        }
    }

    async fn work(&mut self, verb: Verb, users: &SqlUsers, database: Option<&str>) -> Result<(), Failure> {
        if let Verb::Completions { shell } = verb {
            return self.complete(shell);
        }
        let mut session = Session {
            users,
            database,
            declared: self.declared.as_ref(),
            format: verb.format(),
            by: operator(),
            console: &mut self.console,
        };
        // `migrate` makes what is missing, and `check` says what it is.
        if !matches!(verb, Verb::Migrate(_) | Verb::Check(_)) {
            users.check_schema().await?;
        }
        let ended = verb.run(&mut session).await;
        let by = session.by;
        let ended = ended.and_then(|()| Ok(self.console.flush()?));
        if let Err(Failure::Refused(reason) | Failure::Database(reason)) = &ended {
            tracing::warn!(target: TARGET, by, reason, "not done");
        }
        ended
    }

    fn complete(&mut self, shell: clap_complete::Shell) -> Result<(), Failure> {
        let name = self.parser.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut self.parser, name.as_str(), &mut script);
        if shell == clap_complete::Shell::Bash {
            // It writes the `-` of a program's name in two ways (clap-rs/clap, issue 6421), so no subcommand is found.
            let text = String::from_utf8_lossy(&script);
            script = text.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")).into_bytes();
        }
        self.console.output().write_all(&script)?;
        Ok(self.console.flush()?)
    }

    fn end(&mut self, ended: Result<(), Failure>) -> Exit {
        let Err(failure) = ended else { return Exit::Done };
        // What was printed before stays, and comes first.
        let _ = self.console.flush();
        let (exit, text) = failure.ending();
        if let Some(text) = text {
            self.console.note(&text);
        }
        exit
    }
}

/// One line for what was done or not, and that nobody will read of it.
fn not_logged(ended: Result<(), Failure>, reason: &str) -> Failure {
    let done = match ended.map_err(|failure| failure.ending().1) {
        Ok(()) | Err(None) => "it was done".to_owned(),
        Err(Some(text)) => text,
    };
    Failure::refused(format!("{done}; but the log file cannot be written: {reason}"))
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::Usage(error.to_string())
    }
}
