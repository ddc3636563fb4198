//! One clause to the requirement that it is.

use proc_macro2::Span;
use syn::{
    Expr, ExprReturn, ExprTry, Lit,
    visit::{self, Visit},
};

use crate::{
    errors::{Errors, each_once},
    model::{Check, Name, Requirement},
    parse::clause::{Clause, ClauseKind, NameKind, Quantifier},
};

/// What may be written where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// `#[protected]` on an impl block: `auth = path` is welcome, `check` has nothing to look at.
    Floor,
    /// An operation of an impl block.
    Operation,
    /// A handler: `auth = path` is welcome.
    Handler,
    /// `requirement!`: `auth = path` is welcome, `check` has nothing to look at.
    Macro,
}

/// Where a clause stands, and what gathers on the way.
pub(crate) struct Lowering<'a> {
    pub(crate) position: Position,
    pub(crate) checks: &'a mut Vec<Check>,
    pub(crate) errors: &'a mut Errors,
}

impl Lowering<'_> {
    /// Nothing, and a mistake more, if it is none.
    pub(crate) fn requirement(&mut self, Clause { span, kind }: Clause) -> Option<Requirement> {
        match kind {
            ClauseKind::Authenticated => Some(Requirement::Authenticated),
            ClauseKind::Names { of, quantifier, names } => self.names(span, of, quantifier, names),
            ClauseKind::Fresh(text) => self.fresh(&text),
            ClauseKind::Check(expression) => self.check(span, *expression),
            ClauseKind::Any(list) => self.group(span, "any", list).map(any),
            ClauseKind::All(list) => self.group(span, "all", list).map(all),
            ClauseKind::Not(list) => self.not(span, list),
            ClauseKind::Mistake(error) => self.refuse(error),
            ClauseKind::Hide => self.refuse(syn::Error::new(span, "`hide` is about the answer, not about the caller: put it beside the clauses, outside of `any`, `all` and `not`")),
            ClauseKind::Auth(_) => self.refuse(syn::Error::new(span, "`auth` names who vouches for callers: put it beside the clauses, outside of `any`, `all` and `not`")),
        }
    }

    fn refuse(&mut self, error: syn::Error) -> Option<Requirement> {
        self.errors.push(error);
        None
    }

    fn names(&mut self, span: Span, of: NameKind, quantifier: Quantifier, names: Vec<Name>) -> Option<Requirement> {
        if names.is_empty() {
            return self.refuse(syn::Error::new(span, "an empty list says nothing about who may call; write a name, or bare `#[protected]` for every authenticated caller"));
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

    fn check(&mut self, span: Span, expression: Expr) -> Option<Requirement> {
        let message = match self.position {
            Position::Floor => {
                "a check looks at the arguments of one operation: put it on the operations, not on the impl block"
            }
            Position::Macro => {
                "a check looks at the arguments of a handler: put `#[protected(check = ..)]` on the handler"
            }
            Position::Operation | Position::Handler => {
                check_stays_inside(&expression, self.errors);
                self.checks.push(Check { span, expression });
                return Some(Requirement::Check(self.checks.len() - 1));
            }
        };
        self.refuse(syn::Error::new(span, message))
    }

    fn group(&mut self, span: Span, word: &str, list: Vec<Clause>) -> Option<Vec<Requirement>> {
        if list.is_empty() {
            let clauses = if word == "not" { "role(\"..\")" } else { "role(\"..\"), permission(\"..\")" };
            self.errors.span(
                span,
                format!("an empty `{word}` says nothing about who may call; write clauses: `{word}({clauses})`"),
            );
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

/// One clause is itself, none is "authenticated".
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

/// `"90s"`, `"5m"`, `"12h"`, `"7d"` in seconds.
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
            "`not` takes one clause: write `not(any(..))` for none of several, `not(all(..))` for not all of them",
        );
    }
}

/// `?` and `return` would leave the generated method, not the check.
fn check_stays_inside(expression: &Expr, errors: &mut Errors) {
    struct Leaves<'a>(&'a mut Errors);
    impl<'ast> Visit<'ast> for Leaves<'_> {
        fn visit_expr_try(&mut self, expression: &'ast ExprTry) {
            self.0.span(
                expression.question_token.span,
                "`?` has nowhere to go in a check: let the check be the `Result` itself, or put it in a function that the check calls",
            );
            visit::visit_expr_try(self, expression);
        }
        fn visit_expr_return(&mut self, expression: &'ast ExprReturn) {
            self.0.at(expression, "`return` has nowhere to go in a check: let the check be the value itself");
        }
        // These have a body of their own to leave.
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    Leaves(errors).visit_expr(expression);
}
