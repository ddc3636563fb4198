//! Exact answers about a requirement, by enumeration of the facts that it asks for.
//!
//! A truth table has one bit for each combination of facts, and 64 combinations are evaluated at once. It is exact
//! where logic with three values is not: `any(check = a, not(check = a))` admits every caller, whatever the check says.

mod compare;
pub(super) mod credentials;
mod example;
mod implicants;
mod implied;
mod space;
mod table;

pub(super) use self::{
    compare::{Comparison, Side, requirement_table},
    credentials::{choices, several},
    implicants::{Implicants, implicants},
    implied::clauses_without_one,
    space::{Atom, Space},
    table::TruthTable,
};
