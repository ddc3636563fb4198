//! The attributes of one operation to who may call it.

use proc_macro2::Span;
use syn::{
    Expr, ExprReturn, ExprTry, Lit, Path, parse_quote,
    visit::{self, Visit},
};

use crate::{
    errors::{Errors, each_once},
    model::{Access, Check, Name, Requirement},
    parse::{
        attribute::{Content, Written},
        clause::{Clause, ClauseKind, Of, Quantifier},
    },
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

/// Clauses that add up, with what is no clause taken out.
#[derive(Default)]
pub(crate) struct Clauses {
    pub(crate) auth: Option<Path>,
    pub(crate) hide: bool,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) checks: Vec<Check>,
}

/// The attributes of an operation, below a floor.
pub(crate) fn lower(
    written: Vec<Written>,
    floor: &Clauses,
    position: Position,
    errors: &mut Errors,
) -> (Access, Option<Path>) {
    public_stands_alone(&written, errors);
    optional_stands_alone(&written, errors);
    protected_says_something_twice(&written, errors);
    let mut clauses = Clauses { hide: floor.hide, requirements: floor.requirements.clone(), ..Clauses::default() };
    let mut open = None;
    for attribute in written {
        match attribute.content {
            Content::Public(reason) => open = Some(Access::Public { reason }),
            Content::OptionalAuth => {
                optional_has_no_floor(attribute.span, floor, errors);
                open = Some(Access::Optional);
            }
            Content::Permission(name) => clauses.requirements.push(Requirement::Permission(name)),
            Content::Protected(list) => clauses.add(list, position, errors),
        }
    }
    let auth = clauses.auth.take();
    at_most_64_checks(&clauses.checks, errors);
    (open.unwrap_or_else(|| clauses.into_access()), auth)
}

impl Clauses {
    pub(crate) fn add(&mut self, list: Vec<Clause>, position: Position, errors: &mut Errors) {
        each_is_given_once(&list, errors);
        for Clause { span, kind } in list {
            match kind {
                ClauseKind::Auth(path) => {
                    auth_stands_outside(span, position, errors);
                    auth_is_given_once(span, self.auth.is_some(), errors);
                    self.auth = Some(path);
                }
                // A floor that hides, and an operation that does, agree.
                ClauseKind::Hide => self.hide = true,
                kind => self.requirements.extend(requirement(span, kind, &mut self.checks, position, errors)),
            }
        }
    }

    pub(crate) fn into_access(self) -> Access {
        let Self { hide, requirements, checks, .. } = self;
        Access::Required { requirement: all(requirements), hide, checks }
    }
}

/// One clause is itself, none is "authenticated".
fn all(mut requirements: Vec<Requirement>) -> Requirement {
    match requirements.len() {
        0 => Requirement::Authenticated,
        1 => requirements.remove(0),
        _ => Requirement::All(requirements),
    }
}

fn any(mut requirements: Vec<Requirement>) -> Requirement {
    if requirements.len() == 1 { requirements.remove(0) } else { Requirement::Any(requirements) }
}

fn requirement(
    span: Span,
    kind: ClauseKind,
    checks: &mut Vec<Check>,
    position: Position,
    errors: &mut Errors,
) -> Option<Requirement> {
    match kind {
        ClauseKind::Authenticated => Some(Requirement::Authenticated),
        ClauseKind::Names { of, quantifier, names } => name_list(span, of, quantifier, names, errors),
        ClauseKind::Fresh(text) => duration(&text, errors).map(|seconds| Requirement::Fresh { seconds }),
        ClauseKind::Check(expression) => check(span, *expression, checks, position, errors),
        ClauseKind::Any(list) => group(span, "any", list, checks, position, errors).map(any),
        ClauseKind::All(list) => group(span, "all", list, checks, position, errors).map(all),
        ClauseKind::Not(list) => {
            not_takes_one(span, &list, errors);
            let clauses = group(span, "not", list, checks, position, errors)?;
            Some(Requirement::Not(Box::new(all(clauses))))
        }
        ClauseKind::Mistake(error) => {
            errors.push(error);
            None
        }
        ClauseKind::Hide => {
            errors.span(span, "`hide` is about the answer, not about the caller: put it beside the clauses, outside of `any`, `all` and `not`");
            None
        }
        ClauseKind::Auth(_) => {
            errors.span(
                span,
                "`auth` names who vouches for callers: put it beside the clauses, outside of `any`, `all` and `not`",
            );
            None
        }
    }
}

fn group(
    span: Span,
    word: &str,
    list: Vec<Clause>,
    checks: &mut Vec<Check>,
    position: Position,
    errors: &mut Errors,
) -> Option<Vec<Requirement>> {
    if list.is_empty() {
        let clauses = if word == "not" { "role(\"..\")" } else { "role(\"..\"), permission(\"..\")" };
        errors.span(
            span,
            format!("an empty `{word}` says nothing about who may call; write clauses: `{word}({clauses})`"),
        );
        return None;
    }
    Some(
        list.into_iter().filter_map(|clause| requirement(clause.span, clause.kind, checks, position, errors)).collect(),
    )
}

fn name_list(span: Span, of: Of, quantifier: Quantifier, names: Vec<Name>, errors: &mut Errors) -> Option<Requirement> {
    if names.is_empty() {
        errors.span(span, "an empty list says nothing about who may call; write a name, or bare `#[protected]` for every authenticated caller");
        return None;
    }
    each_once(&names, errors);
    let leaf = match of {
        Of::Role => Requirement::Role,
        Of::Permission => Requirement::Permission,
        Of::Scope => Requirement::Scope,
        Of::Scheme => Requirement::Scheme,
    };
    let leaves = names.into_iter().map(leaf).collect();
    Some(match quantifier {
        Quantifier::Any => any(leaves),
        Quantifier::All => all(leaves),
    })
}

fn check(
    span: Span,
    expression: Expr,
    checks: &mut Vec<Check>,
    position: Position,
    errors: &mut Errors,
) -> Option<Requirement> {
    match position {
        Position::Floor => {
            errors.span(
                span,
                "a check looks at the arguments of one operation: put it on the operations, not on the impl block",
            );
            return None;
        }
        Position::Macro => {
            errors.span(
                span,
                "a check looks at the arguments of a handler: put `#[protected(check = ..)]` on the handler",
            );
            return None;
        }
        Position::Operation | Position::Handler => {}
    }
    check_stays_inside(&expression, errors);
    checks.push(Check { span, expression });
    Some(Requirement::Check(checks.len() - 1))
}

/// `"90s"`, `"5m"`, `"12h"`, `"7d"` in seconds.
fn duration(text: &Lit, errors: &mut Errors) -> Option<u64> {
    let seconds = match text {
        Lit::Str(text) => seconds(&text.value()),
        _ => None,
    };
    if seconds.is_none() {
        errors.at(text, "expected a time such as `\"30s\"`, `\"5m\"`, `\"12h\"` or `\"7d\"`");
    }
    seconds
}

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

fn public_stands_alone(written: &[Written], errors: &mut Errors) {
    stands_alone(
        written,
        &|content| matches!(content, Content::Public(_)),
        errors,
        "`#[public]` lets everybody in and cannot stand beside `#[protected]`, `#[permission]` or `#[optional_auth]`: remove it or them",
    );
}

fn optional_stands_alone(written: &[Written], errors: &mut Errors) {
    let restricts = |content: &Content| matches!(content, Content::Protected(_) | Content::Permission(_));
    if written.iter().any(|attribute| restricts(&attribute.content))
        || count(written, &|c| matches!(c, Content::OptionalAuth)) > 1
    {
        stands_alone(
            written,
            &|content| matches!(content, Content::OptionalAuth),
            errors,
            "`#[optional_auth]` lets anonymous callers in and cannot stand beside `#[protected]` or `#[permission]`: remove it or them",
        );
    }
}

fn stands_alone(written: &[Written], is_alone: &dyn Fn(&Content) -> bool, errors: &mut Errors, message: &str) {
    if written.len() > 1
        && let Some(attribute) = written.iter().find(|attribute| is_alone(&attribute.content))
    {
        errors.span(attribute.span, message);
    }
}

fn count(written: &[Written], of: &dyn Fn(&Content) -> bool) -> usize {
    written.iter().filter(|attribute| of(&attribute.content)).count()
}

/// Bare `#[protected]` beside another attribute of an operation adds nothing, and hints at a misunderstanding.
fn protected_says_something_twice(written: &[Written], errors: &mut Errors) {
    let is_bare = |content: &Content| matches!(content, Content::Protected(clauses) if clauses.is_empty());
    let is_open = |content: &Content| matches!(content, Content::Public(_) | Content::OptionalAuth);
    if written.len() > 1
        && !written.iter().any(|attribute| is_open(&attribute.content))
        && let Some(attribute) = written.iter().find(|attribute| is_bare(&attribute.content))
    {
        errors.span(attribute.span, "bare `#[protected]` asks for any authenticated caller, and the attribute beside it asks for more: remove this one");
    }
}

fn optional_has_no_floor(span: Span, floor: &Clauses, errors: &mut Errors) {
    if !floor.requirements.is_empty() {
        errors.span(span, "the impl block asks something of every caller, so none can be anonymous: move this operation to another impl block, or write `#[public(reason = \"..\")]`");
    }
}

fn not_takes_one(span: Span, list: &[Clause], errors: &mut Errors) {
    if list.len() > 1 {
        errors.span(
            span,
            "`not` takes one clause: write `not(any(..))` for none of several, `not(all(..))` for not all of them",
        );
    }
}

fn auth_stands_outside(span: Span, position: Position, errors: &mut Errors) {
    if position == Position::Operation {
        errors.span(
            span,
            "`auth = ..` goes on the `#[protected]` of the impl block, as all operations of it share one `Auth`",
        );
    }
}

fn at_most_64_checks(checks: &[Check], errors: &mut Errors) {
    if let Some(check) = checks.get(64) {
        errors.span(check.span, "at most 64 checks on one operation");
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

/// A second one of these in a list is forgotten or misunderstood.
fn each_is_given_once(list: &[Clause], errors: &mut Errors) {
    let words = [
        ("hide", (|kind| matches!(kind, ClauseKind::Hide)) as fn(&ClauseKind) -> bool),
        ("fresh", |kind| matches!(kind, ClauseKind::Fresh(_))),
        ("authenticated", |kind| matches!(kind, ClauseKind::Authenticated)),
    ];
    for (word, is_it) in words {
        for again in list.iter().filter(|clause| is_it(&clause.kind)).skip(1) {
            errors.span(again.span, format!("`{word}` is given twice: remove one"));
        }
    }
}

fn auth_is_given_once(span: Span, is_given: bool, errors: &mut Errors) {
    if is_given {
        errors.span(span, "`auth` is given twice: the operations of an impl block share one");
    }
}

/// `Auth`, where no other is named.
pub(crate) fn default_auth() -> Path {
    parse_quote!(Auth)
}
