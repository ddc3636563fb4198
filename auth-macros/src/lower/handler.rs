//! Lowers a plain Poem handler.

use syn::{Attribute, ItemFn, spanned::Spanned};

use super::{
    access::{Clauses, default_auth, lower as lower_access},
    caller,
    clause::Position,
    signature,
};
use crate::{
    errors::Errors,
    model::{AuthType, Handler},
    parse::attribute::{RuleAttribute, take},
};

/// A handler with an error has no access, and stays as the user wrote it.
pub(crate) fn lower(
    rule: syn::Result<RuleAttribute>,
    attribute: Attribute,
    mut function: ItemFn,
    errors: &mut Errors,
) -> Handler {
    let mut outer: Vec<RuleAttribute> = errors.ok(rule).into_iter().collect();
    outer.extend(take(&mut function.attrs, errors));
    let (access, auth) = lower_access(outer, &Clauses::default(), Position::Handler, errors);
    caller::is_taken(&function.sig, &access, auth.as_ref(), 0, errors);
    signature::caller_fits_access(&function.sig, &access, errors);
    signature::arguments_of_checks_are_used(&mut function.sig, &access);
    let access = errors.is_empty().then_some(access);
    let path = auth.unwrap_or_else(|| default_auth(attribute.path().span()));
    let is_generic = signature::mentions(&path, &function.sig.generics);
    Handler { auth: AuthType { path, is_generic }, attribute, function, access }
}
