//! Checks that read `caller`: the function below has it as an argument.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Expr, ExprCall, ExprPath, Ident, ImplItem, ImplItemFn, ItemImpl, Macro, PatIdent, Path, Signature,
    visit::{self, Visit},
};

use super::{
    access::Clauses,
    signature::{argument_name, bindings, is_caller, typed},
};
use crate::{
    errors::Errors,
    model::{Access, Check},
};

const NAME: &str = "caller";

/// Reports a check of the function itself that reads `caller` without an argument of this name. The first checks are those
/// of the floor.
pub(crate) fn is_taken(
    signature: &Signature,
    access: &Access,
    auth: Option<&Path>,
    of_floor: usize,
    errors: &mut Errors,
) {
    let own = access.checks().get(of_floor..).unwrap_or_default();
    let Some(read) = own.iter().find_map(read).filter(|_| !takes(signature)) else { return };
    let (name, principal) = (&signature.ident, principal(auth));
    let message = match (other_name(signature), access) {
        (Some(other), _) => format!("`{name}` has its caller in the argument `{other}`: write `{other}` here"),
        (None, Access::Optional { .. }) => {
            format!("`{name}` has no argument `caller`: add `caller: Option<{principal}>` for this check")
        }
        (None, _) => format!("`{name}` has no argument `caller`: add `caller: {principal}` for this check"),
    };
    errors.span(read, message);
}

/// Reports a check of the floor that reads `caller` if no operation takes it. Returns whether it did.
pub(crate) fn is_missing_everywhere(
    floor: &Clauses,
    item: &ItemImpl,
    is_guarded: impl Fn(&ImplItemFn) -> bool,
    errors: &mut Errors,
) -> bool {
    let methods =
        item.items.iter().filter_map(|item| if let ImplItem::Fn(method) = item { Some(method) } else { None });
    let read = floor.checks.iter().find_map(read).filter(|_| !methods.filter(|m| is_guarded(m)).any(|m| takes(&m.sig)));
    if let Some(read) = read {
        let principal = principal(floor.auth.as_ref());
        errors.span(
            read,
            format!("no operation has an argument `caller`: add `caller: {principal}` to each of them for this check"),
        );
    }
    read.is_some()
}

/// Returns the type of the argument, for this `auth = path`.
fn principal(auth: Option<&Path>) -> String {
    let auth = auth.map_or_else(|| "Auth".to_owned(), |path| path.to_token_stream().to_string().replace(' ', ""));
    format!("Principal<{auth}>")
}

fn takes(signature: &Signature) -> bool {
    signature.inputs.iter().filter_map(typed).any(|argument| bindings(&argument.pat).iter().any(|name| name == NAME))
}

fn other_name(signature: &Signature) -> Option<&Ident> {
    let mut callers = signature.inputs.iter().filter_map(typed).filter(|argument| is_caller(&argument.ty));
    callers.find_map(|argument| argument_name(&argument.pat))
}

/// Returns where an expression reads `caller`, unless it binds the name itself.
fn read(check: &Check) -> Option<Span> {
    let mut reads = Reads { at: None, is_bound: false };
    reads.visit_expr(&check.expression);
    reads.at.filter(|_| !reads.is_bound)
}

struct Reads {
    at: Option<Span>,
    is_bound: bool,
}

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr_path(&mut self, expression: &'ast ExprPath) {
        let name = expression.path.get_ident().filter(|name| *name == NAME);
        self.at = self.at.or(name.map(Ident::span));
    }

    /// A function of this name is not the caller.
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if !matches!(&*call.func, Expr::Path(_)) {
            self.visit_expr(&call.func);
        }
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.is_bound |= pattern.ident == NAME;
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.at = self.at.or_else(|| word(call.tokens.clone()));
    }
}

fn word(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if name == NAME => Some(name.span()),
        TokenTree::Group(group) => word(group.stream()),
        _ => None,
    })
}
