//! Access rules as data: the requirement, the operation that has it, and the decision.
//!
//! Nothing here reads a request. A requirement is a constant tree. Enforcement, logs and documents all read the same
//! value, so they cannot disagree.

mod anonymous;
mod check_answers;
mod claim;
mod claim_content;
mod clause;
mod credentials;
mod decision;
mod display;
mod explain;
mod operation;
mod operation_id;
mod requirement;
mod rule_watch;
mod scopes;
#[cfg(test)]
mod tests;

pub(crate) use check_answers::CheckAnswers;
pub use claim::ClaimValue;
pub use claim_content::ClaimContent;
pub(crate) use clause::{Age, RuleName, UNITS};
pub use clause::{CheckText, Clause, Clauses};
pub(crate) use credentials::NeededCredentials;
pub(crate) use decision::Facts;
pub use decision::{Decision, Denial, Reason};
pub use explain::ExplainedClause;
pub use operation::{Access, Operation};
pub(crate) use operation::{EnforcementPoint, Place};
pub(crate) use operation_id::OperationId;
pub(crate) use requirement::Node;
pub use requirement::Requirement;
pub use rule_watch::RuleWatch;
