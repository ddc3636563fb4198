//! The caller of `access explain`, from options.

use std::time::Duration;

use auth_runtime::{
    declared::unknown_name,
    review::{AccessPolicy, AccessRule, CheckText, ClaimContent, Clause, Persona},
};
use clap::Args;

use crate::error::Failure;

/// The known facts of a caller. All others are unknown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Caller")]
pub(super) struct Caller {
    /// Send no credential
    #[arg(long, conflicts_with_all = [
        "roles", "permissions", "limits", "scheme", "scopes", "signed_in", "acr", "claims",
    ])]
    anonymous: bool,
    /// Role of the caller; repeat for several
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Permission of the caller in addition to those of its roles; repeat for several
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Permission that the credential is limited to; repeat for several (default: not limited)
    #[arg(long = "limited-to", value_name = "PERMISSION")]
    limits: Vec<String>,
    /// Scheme of the credential
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
    /// OAuth 2 scope of the token; repeat for several
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Time since the sign-in, such as 5m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    signed_in: Option<Duration>,
    /// Authentication context class of the sign-in
    #[arg(long, value_name = "CLASS")]
    acr: Option<String>,
    /// Claim of the token, such as tenant=acme; repeat for several
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, ClaimContent)>,
    /// Check that passes, by its name or its text; repeat for several
    #[arg(long = "pass", value_name = "CHECK")]
    passed: Vec<String>,
    /// Check that fails, by its name or its text; repeat for several
    #[arg(long = "fail", value_name = "CHECK")]
    failed: Vec<String>,
}

impl Caller {
    /// Returns the caller for a rule. The names must be those of the policy.
    pub(super) fn persona(self, policy: &AccessPolicy, rule: &AccessRule) -> Result<Persona, Failure> {
        self.assert_known(policy)?;
        let start = if self.anonymous { Persona::anonymous() } else { Persona::caller() };
        let mut persona = self.roles.into_iter().fold(start, Persona::role);
        persona = self.permissions.into_iter().fold(persona, Persona::permission);
        if !self.limits.is_empty() {
            persona = persona.limited_to(self.limits.iter().map(String::as_str));
        }
        persona = self.scheme.into_iter().fold(persona, Persona::scheme);
        if !self.scopes.is_empty() {
            persona = persona.scopes(self.scopes.iter().map(String::as_str));
        }
        persona = self.signed_in.iter().map(Duration::as_secs).fold(persona, Persona::signed_in);
        persona = self.acr.into_iter().fold(persona, Persona::acr);
        persona = self.claims.into_iter().fold(persona, |persona, (name, value)| persona.claim(name, value, true));
        let checks = checks(rule);
        for (texts, passes) in [(self.passed, true), (self.failed, false)] {
            for text in texts {
                persona = persona.check(check(&checks, &text)?, passes);
            }
        }
        Ok(persona)
    }

    fn assert_known(&self, policy: &AccessPolicy) -> Result<(), Failure> {
        let permissions: Vec<&str> = policy.permissions().map(|(name, _)| name).collect();
        known("role", &policy.roles().map(|(name, _)| name).collect::<Vec<_>>(), &self.roles)?;
        known("permission", &permissions, &self.permissions)?;
        known("permission", &permissions, &self.limits)?;
        known("scheme", &policy.schemes().map(|(name, _)| name).collect::<Vec<_>>(), self.scheme.as_slice())?;
        known("scope", &policy.scopes().collect::<Vec<_>>(), &self.scopes)
    }
}

/// Rejects a name that is not declared.
fn known(kind: &str, declared: &[&str], names: &[String]) -> Result<(), Failure> {
    match names.iter().find(|name| !declared.contains(&name.as_str())) {
        Some(name) => Err(Failure::usage(unknown_name(kind, declared, name))),
        None => Ok(()),
    }
}

/// Returns the checks of a rule.
fn checks(rule: &AccessRule) -> Vec<&CheckText> {
    let mut left: Vec<&Clause> = rule.requirement().into_iter().collect();
    let mut found = Vec::new();
    while let Some(clause) = left.pop() {
        if let Clause::Checked(text) = clause {
            found.push(text);
        }
        left.extend(clause.children());
    }
    found
}

/// Returns the check with this name or text.
fn check(checks: &[&CheckText], text: &str) -> Result<CheckText, Failure> {
    let is =
        |check: &&&CheckText| check.name() == Some(text) || CheckText::from(check.as_str()) == CheckText::from(text);
    match (checks.iter().find(is), checks) {
        (Some(check), _) => Ok((*check).clone()),
        (None, []) => Err(Failure::usage("the rule has no check")),
        (None, checks) => {
            let list: Vec<String> = checks.iter().map(ToString::to_string).collect();
            Err(Failure::usage(format!("the rule has no such check; it has {}", list.join(", "))))
        }
    }
}

/// Parses a claim. A value that is no whole number, `true` or `false` is a text.
fn claim(text: &str) -> Result<(String, ClaimContent), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "no `=` between name and value".to_owned())?;
    let value = match value {
        "true" => ClaimContent::Bool(true),
        "false" => ClaimContent::Bool(false),
        text => text.parse().map_or_else(|_| ClaimContent::Text(text.to_owned()), ClaimContent::Integer),
    };
    Ok((name.to_owned(), value))
}
