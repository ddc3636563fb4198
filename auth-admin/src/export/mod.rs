//! The declared names and rules for other programs: `export typescript` and `overstep`. No command opens a database.

mod overstep;
mod typescript;

use auth_runtime::declared::unknown_name;
use clap::{Args, Subcommand};

use self::{overstep::Overstep, typescript::Tables};
use crate::{
    access::Source,
    console::Console,
    declared::Declared,
    error::Failure,
    output::{print_json, print_text},
    program::Program,
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
    /// Print the matrix for `overstep`, which tests it against a running service
    Overstep(OverstepArgs),
}

#[derive(Debug, Args)]
struct OverstepArgs {
    #[command(flatten)]
    source: Source,
    /// URL of the service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    base_url: String,
    /// Scheme of the credentials that the callers will have
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
}

impl Export {
    pub(crate) fn run(
        self,
        declared: Option<&Declared>,
        program: Program,
        console: &mut Console,
    ) -> Result<(), Failure> {
        match self.verb {
            ExportVerb::Typescript(source) => typescript(&source, declared, program, console)?,
            ExportVerb::Overstep(verb) => verb.run(program, console)?,
        }
        Ok(console.flush()?)
    }
}

/// Prints the names of the lock file, or else those of the application.
fn typescript(
    source: &Source,
    declared: Option<&Declared>,
    program: Program,
    console: &mut Console,
) -> Result<(), Failure> {
    let text = match (source.file(), declared) {
        (None, Some(declared)) => Tables::from(declared).to_string(),
        _ => Tables::from(&source.policy(program, console)?).to_string(),
    };
    Ok(print_text(console, &text)?)
}

impl OverstepArgs {
    fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let policy = self.source.policy(program, console)?;
        let declared: Vec<&str> = policy.schemes().map(|(name, _)| name).collect();
        if let Some(scheme) = self.scheme.as_deref().filter(|scheme| !declared.contains(scheme)) {
            return Err(Failure::usage(unknown_name("scheme", &declared, scheme)));
        }
        let (document, left_out) = Overstep::new(&policy, self.scheme.as_deref()).document(&self.base_url);
        print_json(console, &document)?;
        if !left_out.is_empty() {
            let targets: Vec<String> = left_out.iter().map(ToString::to_string).collect();
            console.note(&format!(
                "left out (not one route, or depends on more than roles, permissions and one check): {}",
                targets.join(", ")
            ));
        }
        Ok(())
    }
}
