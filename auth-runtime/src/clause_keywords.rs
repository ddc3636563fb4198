//! The words of the clauses, for editors: rust-analyzer completes them, and shows these texts.

/// `roles = "A"` or `roles("A", "B")`: callers with one of the roles.
pub mod roles {}
/// `role("A")`: callers with the role.
pub mod role {}
/// `all_roles("A", "B")`: callers with all of the roles.
pub mod all_roles {}
/// `permission("a")`: callers with the permission.
pub mod permission {}
/// `permissions("a", "b")`: callers with all of the permissions.
pub mod permissions {}
/// `any_permission("a", "b")`: callers with one of the permissions.
pub mod any_permission {}
/// `scopes("a", "b")`: callers whose token has all of the OAuth 2 scopes (RFC 6749, section 3.3).
pub mod scopes {}
/// `schemes("a", "b")`: callers that used one of the security schemes.
pub mod schemes {}
/// `scheme("a")`: callers that used the security scheme.
pub mod scheme {}
/// `fresh = "5m"`: callers that signed in within this time (`s`, `m`, `h`, `d`).
pub mod fresh {}
/// `claim("tenant" = "acme")`: callers whose claim has the value.
pub mod claim {}
/// `acr("gold", "silver")`: callers that signed in under one of the authentication context classes (RFC 9470).
pub mod acr {}
/// `check = expression` or `check("name") = expression`: callers for which the expression is true. It borrows the
/// arguments of the function.
pub mod check {}
/// `any(.., ..)`: callers that meet one of the clauses.
pub mod any {}
/// `all(.., ..)`: callers that meet all of the clauses.
pub mod all {}
/// `not(..)`: callers that do not meet the clause.
pub mod not {}
/// All authenticated callers.
pub mod authenticated {}
/// No condition: denied callers get 404 instead of 403.
pub mod hide {}
/// `auth = path`: another `Auth` than the one in scope.
pub mod auth {}
/// `reason = ".."`: why an operation is public, for its reviewers.
pub mod reason {}
