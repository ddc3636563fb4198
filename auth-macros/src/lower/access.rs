//! Lowers the attributes of one operation to its access.

use proc_macro2::Span;
use syn::{Ident, Path, spanned::Spanned};

use super::clause::{Lowering, Position, all};
use crate::{
    errors::Errors,
    model::{Access, AuthType, Check, Requirement},
    parse::{
        attribute::{AttributeName, Content, RuleAttribute},
        clause::{Clause, ClauseKind},
    },
};

/// Clauses that add up, apart from the options `auth` and `hide`.
#[derive(Clone, Default)]
pub(crate) struct Clauses {
    pub(crate) auth: Option<Path>,
    pub(crate) hide: bool,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) checks: Vec<Check>,
}

/// Lowers the attributes of an operation below a floor.
pub(crate) fn lower(
    written: Vec<RuleAttribute>,
    floor: &Clauses,
    position: Position,
    errors: &mut Errors,
) -> (Access, Option<Path>) {
    open_stands_alone(&written, errors);
    protected_says_something_twice(&written, errors);
    let mut clauses = Clauses { auth: None, ..floor.clone() };
    let (mut public, mut is_optional) = (None, false);
    for attribute in written {
        library_stands_outside(&attribute, position, errors);
        match attribute.content {
            Content::Public(reason) => public = Some(Access::Public { reason }),
            Content::OptionalAuth(list) => {
                optional_has_no_floor(attribute.span, floor, errors);
                is_optional = true;
                clauses.add(list, position, errors);
            }
            Content::Permission(name) => clauses.requirements.push(Requirement::Permission(name)),
            Content::Protected(list) => clauses.add(list, position, errors),
        }
    }
    let auth = clauses.auth.take();
    at_most_64_checks(&clauses.checks, errors);
    (public.unwrap_or_else(|| if is_optional { clauses.into_optional() } else { clauses.into_access() }), auth)
}

/// The clauses of `requirement!`. With `auth = path`, the macro cannot know whether the path is a type parameter.
pub(crate) fn requirement(list: Vec<Clause>, errors: &mut Errors) -> (AuthType, Access) {
    let mut clauses = Clauses::default();
    clauses.add(list, Position::Macro, errors);
    let is_generic = clauses.auth.is_some();
    let path = clauses.auth.take().unwrap_or_else(|| default_auth(Span::call_site()));
    (AuthType { path, is_generic }, clauses.into_access())
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
                // No error: the floor and the operation may both hide.
                ClauseKind::Hide => self.hide = true,
                kind => {
                    let mut lowering = Lowering { position, checks: &mut self.checks, errors };
                    self.requirements.extend(lowering.requirement(Clause { span, kind }));
                }
            }
        }
    }

    fn into_optional(self) -> Access {
        let Self { hide, requirements, checks, .. } = self;
        let requirement = (!requirements.is_empty()).then(|| all(requirements));
        Access::Optional { requirement, hide, checks }
    }

    fn into_access(self) -> Access {
        let Self { hide, requirements, checks, .. } = self;
        Access::Required { requirement: all(requirements), hide, checks }
    }
}

/// `#[public]` and `#[optional_auth]` have no requirement beside them.
fn open_stands_alone(written: &[RuleAttribute], errors: &mut Errors) {
    let find = |name| written.iter().find(|attribute| attribute.name == name);
    let Some(open) =
        find(AttributeName::Public).or_else(|| find(AttributeName::OptionalAuth)).filter(|_| written.len() > 1)
    else {
        return;
    };
    let message = if written.iter().all(|attribute| attribute.name == open.name) {
        format!("`#[{}]` appears twice: remove one", open.name.as_str())
    } else if open.name == AttributeName::Public {
        "`#[public]` admits every caller, so it cannot be combined with `#[protected]`, `#[permission]` or `#[optional_auth]`: remove one".to_owned()
    } else {
        "`#[optional_auth]` admits anonymous callers, so it cannot be combined with `#[protected]` or `#[permission]`: remove one, or write the clauses for authenticated callers in `#[optional_auth(..)]`".to_owned()
    };
    errors.span(open.span, message);
}

/// Bare `#[protected]` beside another attribute adds nothing and is a likely misunderstanding.
fn protected_says_something_twice(written: &[RuleAttribute], errors: &mut Errors) {
    let is_bare = |content: &Content| matches!(content, Content::Protected(clauses) if clauses.is_empty());
    let is_open = |content: &Content| matches!(content, Content::Public(_) | Content::OptionalAuth(_));
    if written.len() > 1
        && !written.iter().any(|attribute| is_open(&attribute.content))
        && let Some(attribute) = written.iter().find(|attribute| is_bare(&attribute.content))
    {
        let message = if written.iter().all(|attribute| is_bare(&attribute.content)) {
            "`#[protected]` appears twice: remove one"
        } else {
            "`#[protected]` without arguments only requires authentication, and the other attribute requires more: remove `#[protected]`"
        };
        errors.span(attribute.span, message);
    }
}

fn optional_has_no_floor(span: Span, floor: &Clauses, errors: &mut Errors) {
    if !floor.requirements.is_empty() {
        errors.span(span, "the clauses of the impl block require authentication, so no caller can be anonymous here: move this operation to another impl block, or write `#[public(reason = \"..\")]`");
    }
}

fn library_stands_outside(attribute: &RuleAttribute, position: Position, errors: &mut Errors) {
    if let Some(library) = attribute.library.as_ref().filter(|_| position == Position::Operation) {
        errors.span(library.span(), "`crate = ..` goes on the `#[protected]` of the impl block");
    }
}

fn auth_stands_outside(span: Span, position: Position, errors: &mut Errors) {
    if position == Position::Operation {
        errors.span(span, "`auth = ..` goes on the `#[protected]` of the impl block: its operations share one `Auth`");
    }
}

fn at_most_64_checks(checks: &[Check], errors: &mut Errors) {
    if let Some(check) = checks.get(64) {
        errors.span(check.span, "an operation can have at most 64 checks");
    }
}

/// A list has `hide`, `fresh` and `authenticated` at most once.
fn each_is_given_once(list: &[Clause], errors: &mut Errors) {
    let words = [
        ("hide", (|kind| matches!(kind, ClauseKind::Hide)) as fn(&ClauseKind) -> bool),
        ("fresh", |kind| matches!(kind, ClauseKind::Fresh(_))),
        ("authenticated", |kind| matches!(kind, ClauseKind::Authenticated)),
    ];
    for (word, is_it) in words {
        for again in list.iter().filter(|clause| is_it(&clause.kind)).skip(1) {
            errors.span(again.span, format!("`{word}` appears twice: remove one"));
        }
    }
}

fn auth_is_given_once(span: Span, is_given: bool, errors: &mut Errors) {
    if is_given {
        errors.span(span, "`auth` is set twice: remove one");
    }
}

/// Returns `Auth`, the default of `auth = path`. An error about it is shown at the attribute. With a token that the user
/// wrote, the compiler suggests an import.
pub(crate) fn default_auth(token: Span) -> Path {
    Ident::new("Auth", Span::call_site().resolved_at(token)).into()
}
