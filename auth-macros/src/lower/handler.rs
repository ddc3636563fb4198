//! A plain Poem handler to one that says who may call it.

use syn::ItemFn;

use super::{
    access::{Clauses, Position, default_auth, lower as lower_access},
    api::caller_fits_access,
};
use crate::{
    errors::Errors,
    model::Handler,
    parse::{
        attribute::{Written, take},
        is,
    },
};

pub(crate) fn lower(written: Written, mut function: ItemFn, errors: &mut Errors) -> Option<Handler> {
    let mut outer = vec![written];
    outer.extend(take(&mut function.attrs, errors));
    let (access, auth) = lower_access(outer, &Clauses::default(), Position::Handler, errors);
    caller_fits_access(function.sig.inputs.iter(), &access, errors);
    let position = function.attrs.iter().position(|attribute| is(attribute, "handler"))?;
    let handler = function.attrs.remove(position);
    Some(Handler { auth: auth.unwrap_or_else(default_auth), handler, function, access })
}
