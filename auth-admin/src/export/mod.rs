//! The declared names for other programs: `export typescript`. No command opens a database.

mod typescript;

use clap::{Args, Subcommand};

use self::typescript::Tables;
use crate::{
    access::Source, console::Console, declared::Declared, error::Failure, output::print_text, program::Program,
};

/// The commands that write the declared names for other programs.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    verb: ExportVerb,
}

#[derive(Debug, Subcommand)]
enum ExportVerb {
    /// Print permissions and roles as TypeScript types
    Typescript(Source),
}

impl Export {
    /// Prints the names of the lock file, or else those of the application.
    pub(crate) fn run(
        self,
        declared: Option<&Declared>,
        program: Program,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let ExportVerb::Typescript(source) = self.verb;
        let text = match (source.file(), declared) {
            (None, Some(declared)) => Tables::from(declared).to_string(),
            _ => Tables::from(&source.policy(program, console)?).to_string(),
        };
        print_text(console, &text)?;
        Ok(console.flush()?)
    }
}
