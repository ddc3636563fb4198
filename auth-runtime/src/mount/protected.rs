//! The trait of an API with a rule for every operation.

use poem_openapi::OpenApi;

use super::{argument::SecurityArgument, openapi::Row};
use crate::policy::Operation;

/// An API with a rule for every operation. `#[protected]` on the impl block implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protected API",
    label = "expected an API with `#[protected]`, or a tuple of 2 to 16 of them",
    note = "put `#[protected]` above `#[OpenApi]` on the impl block",
    note = "if it is a tuple of one API, pass the API itself"
)]
pub trait Protected: OpenApi {
    /// The `Auth` that authenticates callers. It has no bound, so that an `Auth` without `#[derive(Auth)]` is one
    /// error.
    type Auth: 'static;

    /// Every operation, with its rule.
    fn operations() -> Vec<&'static Operation<Self::Auth>>;

    /// Returns, for each of [`operations`](Self::operations), its arguments that are neither parameters nor a body.
    #[doc(hidden)]
    fn security_arguments() -> Vec<Vec<SecurityArgument>>;
}

macro_rules! protected_tuples {
    ($(($first:ident $(, $rest:ident)*))*) => {$(
        impl<$first: Protected, $($rest: Protected<Auth = $first::Auth>),*> Protected for ($first, $($rest),*) {
            type Auth = $first::Auth;

            fn operations() -> Vec<&'static Operation<Self::Auth>> {
                let mut operations = $first::operations();
                $(operations.extend($rest::operations());)*
                operations
            }

            fn security_arguments() -> Vec<Vec<SecurityArgument>> {
                let mut arguments = $first::security_arguments();
                $(arguments.extend($rest::security_arguments());)*
                arguments
            }
        }
    )*};
}

// The same length as Poem's own.
protected_tuples! {
    (T1, T2)
    (T1, T2, T3)
    (T1, T2, T3, T4)
    (T1, T2, T3, T4, T5)
    (T1, T2, T3, T4, T5, T6)
    (T1, T2, T3, T4, T5, T6, T7)
    (T1, T2, T3, T4, T5, T6, T7, T8)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15)
    (T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16)
}

/// Returns every operation of an API with its arguments that are security schemes.
pub(super) fn rows<T: Protected>() -> Vec<Row<T::Auth>> {
    let (operations, arguments) = (T::operations(), T::security_arguments());
    assert_eq!(operations.len(), arguments.len(), "`#[protected]` lists the arguments of every operation");
    let rows = operations.into_iter().zip(arguments);
    rows.map(|(operation, arguments)| Row::new(operation, arguments)).collect()
}
