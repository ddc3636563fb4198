//! The rules of a whole impl block as one constant.
//!
//! One constant for a block takes the compiler less time than one for each operation.

use std::marker::PhantomData;

use super::{AuthConfig, Rule};
use crate::policy::Operation;

/// The rules of the operations of an API; the macros implement it.
pub trait Rules: 'static {
    /// The `Auth` that authenticates callers.
    type Auth: AuthConfig;
    /// The place of the macro in the source.
    const PLACE: &'static str;
    /// The operations, with their access rules, in the order of the source.
    const OPERATIONS: &'static [Operation<Self::Auth>];
}

/// The rule at a position of [`Rules`].
pub struct RuleAt<R, const INDEX: usize>(PhantomData<fn() -> R>);

impl<R: Rules, const INDEX: usize> Rule for RuleAt<R, INDEX> {
    type Auth = R::Auth;
    const OPERATION: &'static Operation<R::Auth> = &R::OPERATIONS[INDEX];
}
