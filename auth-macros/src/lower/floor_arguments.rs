//! Checks on an impl block: every operation below has the arguments that they name.

use std::collections::HashSet;

use syn::{
    ExprPath, ImplItem, ImplItemFn, ItemImpl, Macro, PatIdent, Signature,
    visit::{self, Visit},
};

use super::signature::{bindings, collect, typed};
use crate::{
    errors::Errors,
    model::{Access, Check},
};

/// Returns the arguments that the checks of a floor read: the names in them that an operation has as an argument.
///
/// A name that no operation has is left to the compiler: it may be a constant or a function.
pub(crate) fn arguments_of(checks: &[Check], item: &ItemImpl, is_guarded: impl Fn(&ImplItemFn) -> bool) -> Vec<String> {
    let methods =
        item.items.iter().filter_map(|item| if let ImplItem::Fn(method) = item { Some(method) } else { None });
    let guarded = methods.filter(|method| is_guarded(method));
    let known: HashSet<String> = guarded.flat_map(|method| arguments(&method.sig)).collect();
    checks.iter().flat_map(names).filter(|name| known.contains(name)).collect()
}

/// Reports an operation that lacks an argument which the floor needs.
pub(crate) fn has_arguments(signature: &Signature, access: &Access, needed: &[String], errors: &mut Errors) {
    if matches!(access, Access::Public { .. }) {
        return;
    }
    let own: HashSet<String> = arguments(signature).collect();
    for missing in needed.iter().filter(|name| !own.contains(*name)) {
        let name = &signature.ident;
        errors.at(
            name,
            format!(
                "`{name}` has no argument `{missing}`, which a check of the impl block uses: add the argument, or move `{name}` to another impl block"
            ),
        );
    }
}

fn arguments(signature: &Signature) -> impl Iterator<Item = String> {
    signature.inputs.iter().filter_map(typed).flat_map(|argument| bindings(&argument.pat))
}

/// Returns the names that the expression uses and does not bind itself, in order, each once.
fn names(check: &Check) -> Vec<String> {
    let mut names = Names::default();
    names.visit_expr(&check.expression);
    let Names { used, bound } = names;
    let mut seen = bound;
    used.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

#[derive(Default)]
struct Names {
    used: Vec<String>,
    bound: HashSet<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_path(&mut self, expression: &'ast ExprPath) {
        self.used.extend(expression.path.get_ident().map(ToString::to_string));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.bound.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let mut mentioned = HashSet::new();
        collect(call.tokens.clone(), &mut mentioned);
        self.used.extend(mentioned);
    }
}
