//! The commands as clap reads them.

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use clap_complete::Shell;

use crate::{
    exit::{EXIT_CODES, Failure},
    output::Format,
    session::Session,
    verb::{
        database,
        key::KeyVerb,
        names::{PermissionVerb, RoleVerb},
        user::UserVerb,
    },
};

/// The commands, to be flattened into the subcommands of your parser, and given to [`Admin::run`](crate::Admin::run):
/// `user`, `key`, `role`, `permission`, `migrate`, `check` and `completions`. `--help` of each tells all about it.
#[derive(Debug)]
pub struct AdminCommand(pub(crate) Verb);

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Users: who may sign in, and what they may do
    User(Group<UserVerb>),
    /// API keys: what programs send in place of a password
    Key(Group<KeyVerb>),
    /// Roles: those that the application declares, and those that users have
    Role(Group<RoleVerb>),
    /// Permissions: those that the application declares, and those that users and keys have
    Permission(Group<PermissionVerb>),
    /// Makes the tables of the database, or brings them up to date
    Migrate(Plain),
    /// Looks whether the tables, the names in them, and the secret key of password hashes are those of this program
    Check(Plain),
    /// Prints what makes a shell complete these commands
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Commands about one thing.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Group<V: Subcommand> {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    verb: V,
}

/// A command that stands alone.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Plain {
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Output {
    /// How the result is printed
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
            | Self::Role(Group { output, .. })
            | Self::Permission(Group { output, .. })
            | Self::Migrate(Plain { output })
            | Self::Check(Plain { output }) => output.format,
            Self::Completions { .. } => Format::default(),
        }
    }

    pub(crate) async fn run(self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Self::User(Group { verb, .. }) => verb.run(session).await,
            Self::Key(Group { verb, .. }) => verb.run(session).await,
            Self::Role(Group { verb, .. }) => verb.run(session).await,
            Self::Permission(Group { verb, .. }) => verb.run(session).await,
            Self::Migrate(_) => database::migrate(session).await,
            Self::Check(_) => database::check(session).await,
            // It needs no database, and was run before there was one.
            Self::Completions { .. } => Ok(()),
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
