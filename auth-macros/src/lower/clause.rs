//! Lowers one clause to a requirement.

use proc_macro2::Span;
use syn::{
    Expr, ExprReturn, ExprTry, Lit, LitStr,
    visit::{self, Visit},
};

use crate::{
    errors::{Errors, each_once},
    model::{Check, Name, Requirement},
    parse::clause::{Clause, ClauseKind, NameKind, Quantifier},
};

/// The place of a clause, which decides what may be written there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// `#[protected]` on an impl block: allows `auth = path`.
    Floor,
    /// An operation of an impl block.
    Operation,
    /// A handler, which allows `auth = path`.
    Handler,
    /// `requirement!`: allows `auth = path`, and no `check`.
    Macro,
}

/// The place of a clause, and the checks and errors found so far.
pub(crate) struct Lowering<'a> {
    pub(crate) position: Position,
    pub(crate) checks: &'a mut Vec<Check>,
    pub(crate) errors: &'a mut Errors,
}

impl Lowering<'_> {
    /// Returns the requirement, or adds an error.
    pub(crate) fn requirement(&mut self, Clause { span, kind }: Clause) -> Option<Requirement> {
        match kind {
            ClauseKind::Authenticated => Some(Requirement::Authenticated),
            ClauseKind::Names { of, quantifier, names } => self.names(span, of, quantifier, names),
            ClauseKind::Fresh(text) => self.fresh(&text),
            ClauseKind::Claim { name, value } => self.claim(name, value),
            ClauseKind::Acr(values) => self.acr(span, values),
            ClauseKind::Rule(path) => Some(Requirement::Rule(path)),
            ClauseKind::Check { name, expression } => self.check(Check { span, name, expression: *expression }),
            ClauseKind::Any(list) => self.group(span, "any", list).map(any),
            ClauseKind::All(list) => self.group(span, "all", list).map(all),
            ClauseKind::Not(list) => self.not(span, list),
            ClauseKind::Mistake(error) => self.refuse(error),
            ClauseKind::Hide => self.option(span, "hide"),
            ClauseKind::Auth(_) => self.option(span, "auth"),
            ClauseKind::Crate(_) => self.option(span, "crate"),
        }
    }

    fn option(&mut self, span: Span, word: &str) -> Option<Requirement> {
        let message = match (self.position, word) {
            (Position::Operation, "auth" | "crate") => {
                format!("`{word} = ..` goes on the `#[protected]` of the impl block")
            }
            _ => format!("`{word}` is an option, not a clause: move it out of `any`, `all` and `not`"),
        };
        self.refuse(syn::Error::new(span, message))
    }

    fn refuse(&mut self, error: syn::Error) -> Option<Requirement> {
        self.errors.push(error);
        None
    }

    fn names(&mut self, span: Span, of: NameKind, quantifier: Quantifier, names: Vec<Name>) -> Option<Requirement> {
        if names.is_empty() {
            return self.refuse(syn::Error::new(
                span,
                "this list is empty: add a name, or replace the clause with `authenticated` to admit any authenticated caller",
            ));
        }
        each_once(&names, self.errors);
        let leaf = match of {
            NameKind::Role => Requirement::Role,
            NameKind::Permission => Requirement::Permission,
            NameKind::Scope => Requirement::Scope,
            NameKind::Scheme => Requirement::Scheme,
        };
        let leaves = names.into_iter().map(leaf).collect();
        Some(match quantifier {
            Quantifier::Any => any(leaves),
            Quantifier::All => all(leaves),
        })
    }

    fn fresh(&mut self, text: &Lit) -> Option<Requirement> {
        let seconds = match text {
            Lit::Str(text) => seconds(&text.value()),
            _ => None,
        };
        if seconds.is_none() {
            self.errors.at(text, "expected a time such as `\"30s\"`, `\"5m\"`, `\"12h\"` or `\"7d\"`");
        }
        seconds.map(|seconds| Requirement::Fresh { seconds })
    }

    fn claim(&mut self, name: LitStr, value: Lit) -> Option<Requirement> {
        if name.value().is_empty() {
            self.errors.at(&name, "a name cannot be empty");
        }
        if !matches!(value, Lit::Str(_) | Lit::Bool(_) | Lit::Int(_)) {
            return self.refuse(syn::Error::new_spanned(
                value,
                "a claim can be compared only with a string, an integer, `true` or `false`",
            ));
        }
        Some(Requirement::Claim { name, value })
    }

    /// In a challenge, `acr_values` are separated by spaces (RFC 9470, section 3).
    fn acr(&mut self, span: Span, values: Vec<Name>) -> Option<Requirement> {
        if values.is_empty() {
            return self
                .refuse(syn::Error::new(span, "this list is empty: name at least one class, as in `acr(\"gold\")`"));
        }
        each_once(&values, self.errors);
        for value in &values {
            if matches!(value, Name::Literal(text) if text.value().contains(char::is_whitespace)) {
                self.errors.at(value, "an authentication context class cannot contain a space: write each class as its own string, as in `acr(\"silver\", \"gold\")`");
            }
        }
        Some(Requirement::Acr(values))
    }

    fn check(&mut self, check: Check) -> Option<Requirement> {
        if self.position == Position::Macro {
            return self.refuse(syn::Error::new(
                check.span,
                "`requirement!` cannot contain a check, because a check uses the arguments of a handler: write `#[protected(check = ..)]` on the handler",
            ));
        }
        check_stays_inside(&check.expression, self.errors);
        self.checks.push(check);
        Some(Requirement::Check(self.checks.len() - 1))
    }

    fn group(&mut self, span: Span, word: &str, list: Vec<Clause>) -> Option<Vec<Requirement>> {
        if list.is_empty() {
            let (what, example) = match word {
                "not" => ("a clause", "role(\"..\")"),
                _ => ("clauses", "role(\"..\"), permission(\"..\")"),
            };
            self.errors.span(span, format!("`{word}` is empty: add {what}, as in `{word}({example})`"));
            return None;
        }
        Some(list.into_iter().filter_map(|clause| self.requirement(clause)).collect())
    }

    fn not(&mut self, span: Span, list: Vec<Clause>) -> Option<Requirement> {
        not_takes_one(span, &list, self.errors);
        let clauses = self.group(span, "not", list)?;
        Some(Requirement::Not(Box::new(all(clauses))))
    }
}

/// Joins clauses. A single one stays as it is, and none means any authenticated caller.
pub(crate) fn all(mut requirements: Vec<Requirement>) -> Requirement {
    match requirements.len() {
        0 => Requirement::Authenticated,
        1 => requirements.remove(0),
        _ => Requirement::All(requirements),
    }
}

fn any(mut requirements: Vec<Requirement>) -> Requirement {
    if requirements.len() == 1 { requirements.remove(0) } else { Requirement::Any(requirements) }
}

/// Returns a time such as `"90s"`, `"5m"`, `"12h"` or `"7d"` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| *seconds > 0)
}

fn not_takes_one(span: Span, list: &[Clause], errors: &mut Errors) {
    if list.len() > 1 {
        errors.span(
            span,
            "`not` takes one clause: write `not(any(..))` to exclude callers that meet any of them, or `not(all(..))` to exclude only callers that meet all of them",
        );
    }
}

/// `?` and `return` would leave the generated method instead of the check.
fn check_stays_inside(expression: &Expr, errors: &mut Errors) {
    struct Leaves<'a>(&'a mut Errors);
    impl<'ast> Visit<'ast> for Leaves<'_> {
        fn visit_expr_try(&mut self, expression: &'ast ExprTry) {
            self.0.span(
                expression.question_token.span,
                "`?` is not allowed in a check: use the `Result` as the value, or move the code into a function and call it",
            );
            visit::visit_expr_try(self, expression);
        }
        fn visit_expr_return(&mut self, expression: &'ast ExprReturn) {
            self.0.at(expression, "`return` is not allowed in a check: make the value the last expression, or move the code into a function and call it");
        }
        // In these, `?` and `return` leave their own body.
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    Leaves(errors).visit_expr(expression);
}
