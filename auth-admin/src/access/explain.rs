//! `access explain`: one rule for one caller.

use auth_runtime::review::{AccessPolicy, AccessRule, Target};
use clap::Args;

use super::{Source, persona::Caller};
use crate::{console::Console, error::Failure, output::print_text, program::Program};

/// Arguments of `access explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Method of the request; ANY for a subtree, CALL for a target without a path, such as an MCP tool
    #[arg(value_name = "METHOD")]
    method: String,
    /// Path of the request, such as /entries/7; with CALL, the name of the target
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    caller: Caller,
}

impl Explain {
    pub(super) fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let policy = self.source.policy(program, console)?;
        let rule = find(&policy, &self.method, &self.path)?;
        let persona = self.caller.persona(&policy, rule)?;
        Ok(print_text(console, &policy.explain(rule, &persona).to_string())?)
    }
}

/// Returns the rule of a request, or the one that is written so.
fn find<'a>(policy: &'a AccessPolicy, method: &str, path: &str) -> Result<&'a AccessRule, Failure> {
    let method = method.to_ascii_uppercase();
    let written = match method.as_str() {
        "ANY" => Target::subtree(path),
        "CALL" => Target::named(path),
        _ => {
            let method = method.parse().map_err(|_| Failure::usage(format!("`{method}` is not an HTTP method")))?;
            if let Some(rule) = policy.find(&method, path) {
                return Ok(rule);
            }
            Target::route(method, path)
        }
    };
    policy.rule(&written).ok_or_else(|| {
        Failure::refused(format!("no rule for {written}; without a rule, the library does not guard it"))
    })
}
