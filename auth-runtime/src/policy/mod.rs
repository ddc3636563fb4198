//! Access rules as data: the requirement, the operation that has it, and the decision.
//!
//! Nothing here reads a request. A requirement is a constant tree. Enforcement, logs and documents all read the same
//! value, so they cannot disagree.

mod anonymous;
mod claim;
mod decision;
mod display;
mod operation;
mod operation_id;
mod requirement;
mod scopes;

pub use claim::ClaimValue;
pub(crate) use decision::Facts;
pub use decision::{Decision, Denial, Reason};
pub(crate) use operation::EnforcementPoint;
pub use operation::{Access, Operation};
pub(crate) use requirement::Node;
pub use requirement::Requirement;
