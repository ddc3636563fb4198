//! What may be asked of a caller, as data: names from tables, sets of them, a requirement, its decision.
//!
//! Nothing here reads a request. A requirement is a constant tree that is decided, explained and documented
//! from the same value, so the three cannot disagree.

mod decision;
pub(crate) mod lookup;
mod operation;
mod requirement;
mod set;
mod table;

pub(crate) use decision::Facts;
pub use decision::{Decision, Denial, Reason};
pub use operation::{Access, Operation};
pub(crate) use requirement::Node;
pub use requirement::Requirement;
pub use set::Set;
pub use table::{Entry, NoPermissions, NoRoles, RoleTable, Table, TableSet, Tables, UnknownName};
