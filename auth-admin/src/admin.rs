//! Runs a command: reads the settings, opens the log and the store, and reports a failure in one line.

use std::mem;

use auth_runtime::{guard::AuthConfig, review::AccessPolicy, users::Passwords};
#[cfg(feature = "redis")]
use auth_store::RedisStore;
use auth_store::SqlUsers;
use tracing::instrument::WithSubscriber;

use crate::{
    command::{AdminCommand, Verb},
    console::Console,
    context::Context,
    declared::Declared,
    error::Failure,
    exit::Exit,
    log::{Log, TARGET, operator},
    program::Program,
    settings::{Settings, Store},
    state::{SharedState, StateStore},
};

/// Runs administration commands, with or without the declared names of an application.
///
/// The [crate](crate) has an example.
#[must_use = "call `run`"]
pub struct Admin {
    parser: clap::Command,
    declared: Option<Declared>,
    program: Program,
    default_url: Option<String>,
    redis: Option<StateStore>,
    passwords: Passwords,
    console: Console,
}

impl Admin {
    /// Returns an administration for the application with this `Auth`. Commands reject undeclared roles and
    /// permissions, and `check` reports those in the database.
    ///
    /// `parser` is the parser of the program, such as `Options::command()`. Its name stands in front of each message.
    pub fn of<A: AuthConfig>(parser: clap::Command) -> Self {
        Self { declared: Some(Declared::by::<A>()), program: Program::WithoutPolicy, ..Self::without_tables(parser) }
    }

    /// Returns an administration without an application. It accepts every role and permission, and warns about names
    /// that are new in the database.
    pub fn without_tables(parser: clap::Command) -> Self {
        Self {
            console: Console::standard().of_program(parser.get_name()),
            parser,
            declared: None,
            program: Program::None,
            default_url: None,
            redis: None,
            passwords: Passwords::new(),
        }
    }

    /// Sets the access policy of the application, for the commands `access ..` (default: they need a file). It is built
    /// only for these commands.
    ///
    /// ```
    /// use auth_admin::Admin;
    /// use auth_runtime::{prelude::*, review::AccessPolicy};
    /// # use poem_openapi::{OpenApi, payload::PlainText};
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// # struct Notes;
    /// # #[protected]
    /// # #[OpenApi]
    /// # impl Notes {
    /// #     #[permission("view")]
    /// #     #[oai(path = "/notes", method = "get")]
    /// #     async fn list(&self) -> PlainText<&'static str> { PlainText("notes") }
    /// # }
    ///
    /// /// The policy of all that the application mounts.
    /// fn policy() -> AccessPolicy {
    ///     AccessPolicy::of::<Auth>().api::<Notes>("/").build()
    /// }
    ///
    /// let admin = Admin::of::<Auth>(clap::Command::new("notes")).policy(policy);
    /// ```
    pub fn policy(mut self, policy: impl FnOnce() -> AccessPolicy + Send + 'static) -> Self {
        self.program = Program::With(Box::new(policy));
        self
    }

    /// Sets the database for [`Settings`] that name none (default: a database is required).
    pub fn default_database_url(mut self, url: impl Into<String>) -> Self {
        self.default_url = Some(url.into());
        self
    }

    /// Sets the Redis server of sessions, tokens, signing keys and attempts (default: that of the [`Settings`], if they
    /// have one). Use it for settings that no URL has, such as certificate authorities.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, store: RedisStore) -> Self {
        self.redis = Some(StateStore::Redis { store, described: "of the application".to_owned() });
        self
    }

    /// Sets the rules for passwords and hashes (default: [`Passwords::new`]). Use those of the application. The secret
    /// key of [`Settings`] is added.
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Sets the input and output of commands (default: [`Console::standard`]).
    pub fn console(mut self, console: Console) -> Self {
        self.console = console.of_program(self.parser.get_name());
        self
    }

    /// Runs a command on the database of these settings. Only `migrate` creates or changes tables.
    ///
    /// Changes and rejected commands are events of [`tracing`] with the target `auth_admin`. With a log file, they are
    /// written only to that file.
    pub async fn run(mut self, command: AdminCommand, settings: &Settings) -> Exit {
        let ended = self.try_run(command.0, settings).await;
        self.report(ended)
    }

    /// Runs a command on a connected store. If it is the store that verifies requests, changes apply to the next
    /// request.
    pub async fn run_on(mut self, command: AdminCommand, users: &SqlUsers) -> Exit {
        let redis = self.redis.take();
        let ended = self.execute(command.0, users, redis, None).await;
        self.report(ended)
    }

    async fn try_run(&mut self, verb: Verb, settings: &Settings) -> Result<(), Failure> {
        let Some(verb) = self.run_alone(verb)? else { return Ok(()) };
        let log = settings.open_log_file()?.map(Log::to);
        let creates_file = matches!(verb, Verb::Migrate(_));
        let (url, passwords) = (self.default_url.as_deref(), self.passwords.clone());
        let redis = self.redis.take().map_or_else(|| settings.redis(), |redis| Ok(Some(redis)))?;
        let Store { users, described } =
            settings.store(url, passwords, self.declared.as_ref(), redis.as_ref(), creates_file)?;
        let ended = self.execute(verb, &users, redis, Some(&described));
        let ended = match &log {
            Some(log) => ended.with_subscriber(log.dispatch.clone()).await,
            None => ended.await,
        };
        let ended = ended.map_err(|failure| failure.of_database(&described));
        users.close().await;
        match log.and_then(|log| log.failure()) {
            Some(reason) => Err(unlogged(ended, &reason)),
            None => ended,
        }
    }

    async fn execute(
        &mut self,
        verb: Verb,
        users: &SqlUsers,
        redis: Option<StateStore>,
        database: Option<&str>,
    ) -> Result<(), Failure> {
        let Some(verb) = self.run_alone(verb)? else { return Ok(()) };
        let mut context = Context {
            users,
            state: SharedState::new(users, redis),
            database,
            declared: self.declared.as_ref(),
            format: verb.format(),
            by: operator(),
            console: &mut self.console,
        };
        if !verb.accepts_any_schema() {
            users.check_schema().await?;
        }
        let ended = verb.run(&mut context).await;
        let by = context.by;
        let ended = ended.and_then(|()| Ok(self.console.flush()?));
        if let Some(reason) = ended.as_ref().err().and_then(Failure::reason) {
            tracing::warn!(target: TARGET, by, reason, "command failed");
        }
        ended
    }

    /// Runs a verb that needs no store. Returns the verb if it needs one.
    fn run_alone(&mut self, verb: Verb) -> Result<Option<Verb>, Failure> {
        let program = |admin: &mut Self| mem::replace(&mut admin.program, Program::WithoutPolicy);
        match verb {
            Verb::Completions { shell } => self.complete(shell)?,
            Verb::Access(access) => access.run(program(self), &mut self.console)?,
            Verb::Export(export) => {
                let program = program(self);
                export.run(self.declared.as_ref(), program, &mut self.console)?;
            }
            verb => return Ok(Some(verb)),
        }
        Ok(None)
    }

    fn complete(&mut self, shell: clap_complete::Shell) -> Result<(), Failure> {
        let name = self.parser.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut self.parser, name.as_str(), &mut script);
        if shell == clap_complete::Shell::Bash {
            // The script spells a `-` in the name in two ways (clap-rs/clap, issue 6421), so it finds no subcommand.
            let text = String::from_utf8_lossy(&script);
            script = text.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")).into_bytes();
        }
        self.console.output().write_all(&script)?;
        Ok(self.console.flush()?)
    }

    fn report(&mut self, ended: Result<(), Failure>) -> Exit {
        let Err(failure) = ended else { return Exit::Done };
        // Output that was printed before the failure comes first.
        let _ = self.console.flush();
        let (exit, text) = failure.into_exit();
        if let Some(text) = text {
            self.console.note(&text);
        }
        exit
    }
}

/// Returns the failure to log a command, with its outcome.
fn unlogged(ended: Result<(), Failure>, reason: &str) -> Failure {
    let outcome = match ended.map_err(|failure| failure.into_exit().1) {
        Ok(()) | Err(None) => "the command succeeded".to_owned(),
        Err(Some(text)) => text,
    };
    Failure::refused(format!("{outcome}; but the log file cannot be written: {reason}"))
}
