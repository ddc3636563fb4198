//! A plain Poem handler to one that says who may call it.

use syn::{Attribute, ItemFn};

use super::{
    access::{Clauses, Position, default_auth, lower as lower_access},
    signature,
};
use crate::{
    errors::Errors,
    model::Handler,
    parse::attribute::{Written, take},
};

/// Nothing if there is a mistake; what remains of the function has lost our attributes.
pub(crate) fn lower(
    written: Option<Written>,
    attribute: &Attribute,
    function: &mut ItemFn,
    errors: &mut Errors,
) -> Option<Handler> {
    let mut outer: Vec<Written> = written.into_iter().collect();
    outer.extend(take(&mut function.attrs, errors));
    let (access, auth) = lower_access(outer, &Clauses::default(), Position::Handler, errors);
    signature::caller_fits_access(&function.sig, &access, errors);
    let auth = auth.unwrap_or_else(default_auth);
    signature::arguments_of_checks_are_used(&mut function.sig, &access);
    errors.is_empty().then(|| Handler { auth, attribute: attribute.clone(), function: function.clone(), access })
}
