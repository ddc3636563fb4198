//! The command line: groups of subcommands, as clap parses them.

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use clap_complete::Shell;

use crate::{
    access::Access,
    context::Context,
    error::Failure,
    exit::EXIT_CODES,
    export::Export,
    output::Format,
    verb::{
        database,
        key::KeyVerb,
        key_ring::KeyRingVerb,
        names::{PermissionVerb, RoleVerb},
        session::SessionVerb,
        token::TokenVerb,
        user::UserVerb,
    },
};

/// The administration commands: `user`, `key`, `session`, `key-ring`, `token`, `role`, `permission`, `migrate`,
/// `check`, `access`, `export` and `completions`.
///
/// Flatten them into the subcommands of your parser, and run them with [`Admin::run`](crate::Admin::run). The example
/// of the [crate](crate) shows how.
#[derive(Debug)]
pub struct AdminCommand(pub(crate) Verb);

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Manage users, their passwords, roles and permissions
    User(Group<UserVerb>),
    /// Manage API keys of users
    Key(Group<KeyVerb>),
    /// Manage sessions of users
    Session(Group<SessionVerb>),
    /// Manage the keys that sign tokens
    KeyRing(Group<KeyRingVerb>),
    /// Inspect and revoke tokens; a token is read from stdin or the terminal
    Token(Group<TokenVerb>),
    /// List roles
    Role(Group<RoleVerb>),
    /// List permissions
    Permission(Group<PermissionVerb>),
    /// Create or update the tables
    Migrate(Single),
    /// Check that the database fits this program: its tables, its role and permission names, and the secret key
    Check(Single),
    /// Review the access policy: who may call what
    Access(Access),
    /// Print the declared names, or the access matrix, for other programs
    Export(Export),
    /// Print a completion script for a shell
    Completions {
        /// Shell that reads the script
        shell: Shell,
    },
}

/// Commands with the same object.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Group<V: Subcommand> {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    verb: V,
}

/// A command without subcommands.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Single {
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Output {
    /// Output format
    #[arg(
        id = "output",
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        global = true,
        help_heading = "Settings"
    )]
    format: Format,
}

impl Verb {
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::User(Group { output, .. })
            | Self::Key(Group { output, .. })
            | Self::Session(Group { output, .. })
            | Self::KeyRing(Group { output, .. })
            | Self::Token(Group { output, .. })
            | Self::Role(Group { output, .. })
            | Self::Permission(Group { output, .. })
            | Self::Migrate(Single { output })
            | Self::Check(Single { output }) => output.format,
            Self::Access(_) | Self::Export(_) | Self::Completions { .. } => Format::default(),
        }
    }

    /// Returns whether the command works on tables of another version.
    pub(crate) const fn accepts_any_schema(&self) -> bool {
        matches!(self, Self::Migrate(_) | Self::Check(_))
    }

    pub(crate) async fn run(self, context: &mut Context<'_>) -> Result<(), Failure> {
        match self {
            Self::User(Group { verb, .. }) => verb.run(context).await,
            Self::Key(Group { verb, .. }) => verb.run(context).await,
            Self::Session(Group { verb, .. }) => verb.run(context).await,
            Self::KeyRing(Group { verb, .. }) => verb.run(context).await,
            Self::Token(Group { verb, .. }) => verb.run(context).await,
            Self::Role(Group { verb, .. }) => verb.run(context).await,
            Self::Permission(Group { verb, .. }) => verb.run(context).await,
            Self::Migrate(_) => database::migrate(context).await,
            Self::Check(_) => database::check(context).await,
            // `Admin` runs them, without a database.
            Self::Access(_) | Self::Export(_) | Self::Completions { .. } => Ok(()),
        }
    }
}

impl Subcommand for AdminCommand {
    fn augment_subcommands(command: Command) -> Command {
        Verb::augment_subcommands(command)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Verb::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Verb::has_subcommand(name)
    }
}

impl FromArgMatches for AdminCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Verb::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}
