//! `access lint`: observations about the policy.

use auth_runtime::review::{AccessPolicy, Finding, FindingKind};
use clap::{Args, ValueEnum, builder::PossibleValuesParser};

use super::Source;
use crate::{
    console::Console,
    error::Failure,
    output::{print_json, print_text},
    program::Program,
};

/// The kinds of findings, for the `after_help`.
const KINDS: &str = "\
Kinds of findings; `public` and `contained-role` are for information, and never fail the command:
  public-change      a rule admits anonymous callers to an unsafe method, or to a whole subtree
  public             a rule admits anonymous callers
  unreachable        no caller meets the rule
  no-single-role     no role alone meets the rule: a caller needs several, or extra permissions
  implied-clause     a clause follows from the rest of its rule
  undecided          a rule depends on too many facts to be analysed
  unheld-permission  no role has the permission
  unused-permission  no rule requires the permission
  equal-roles        two roles have the same permissions
  contained-role     another role has all permissions of this role, and more";

/// Arguments of `access lint`.
#[derive(Debug, Args)]
#[command(after_help = KINDS)]
pub(super) struct Lint {
    #[command(flatten)]
    source: Source,
    /// Kind of finding that does not fail the command; repeat for several
    #[arg(long = "allow", value_name = "KIND", value_parser = PossibleValuesParser::new(FindingKind::ALL.map(FindingKind::id)))]
    allowed: Vec<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: FindingFormat,
}

/// The format of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FindingFormat {
    /// Text for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

impl Lint {
    pub(super) fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let policy = self.source.policy(program, console)?;
        let findings = policy.findings();
        let warnings = findings.iter().filter(|finding| self.is_warning(finding)).count();
        let printed = self.print(&policy, &findings, console);
        // Findings that cannot be printed are no reason to exit with 0.
        match warnings {
            0 => printed,
            1 => Err(Failure::refused("1 warning; change the policy, or accept the kind with --allow KIND")),
            count => Err(Failure::refused(format!(
                "{count} warnings; change the policy, or accept a kind with --allow KIND"
            ))),
        }
    }

    fn is_warning(&self, finding: &Finding) -> bool {
        finding.kind.is_warning() && !self.allowed.iter().any(|kind| kind == finding.kind.id())
    }

    fn print(&self, policy: &AccessPolicy, findings: &[Finding], console: &mut Console) -> Result<(), Failure> {
        if self.format == FindingFormat::Json {
            return Ok(print_json(console, &policy.matrix().to_json()["findings"])?);
        }
        for finding in findings {
            let level = if self.is_warning(finding) { "warning" } else { "note" };
            print_text(console, &format!("{level}: {finding}\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FindingKind, KINDS};

    #[test]
    fn the_help_explains_each_kind() {
        let explained: Vec<&str> = KINDS.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(explained, FindingKind::ALL.map(FindingKind::id));
    }
}
