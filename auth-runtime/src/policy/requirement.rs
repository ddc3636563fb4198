//! A requirement: a constant tree of clauses, never code.

use std::marker::PhantomData;

use super::ClaimValue;
use crate::declared::{AuthSchema, Entry, Scheme, SchemeSet, Scope};

/// A tree of clauses that a caller must meet, over the tables of the `Auth` type `A`.
///
/// The attributes build it, and [`requirement!`](crate::requirement) builds it for routes outside of OpenAPI. It is
/// data: enforcement, log and document read the same value. In an optional operation, only its checks apply to
/// anonymous callers. The type `A` keeps the names of two applications apart.
///
/// ```
/// # use auth_runtime::{policy::Requirement, prelude::*};
/// # permissions! { pub enum Permission { View = "view", Edit = "edit" } }
/// # roles! { pub enum Role: Permission { Administrator = "Administrator" => all } }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// const RULE: Requirement<Auth> = Requirement::any(&[
///     Requirement::role(Role::Administrator.entry()),
///     Requirement::permission(Permission::Edit.entry()),
/// ]);
/// assert_eq!(RULE.to_string(), r#"any(role("Administrator"), permission("edit"))"#);
/// ```
///
/// An empty `any` or `all` does not compile, as its meaning is ambiguous:
///
/// ```compile_fail
/// # use auth_runtime::{policy::Requirement, prelude::*};
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// const RULE: Requirement<Auth> = Requirement::any(&[]);
/// ```
pub struct Requirement<A: 'static> {
    pub(super) node: Node<A>,
    /// Name of the rule or of the check.
    pub(super) name: Option<&'static str>,
    authority: PhantomData<fn() -> A>,
}

/// One clause of a requirement.
pub(crate) enum Node<A: 'static> {
    Authenticated,
    Role { index: u16, name: &'static str },
    Permission { index: u16, name: &'static str },
    Scope { index: u16, name: &'static str },
    Scheme { index: u16, name: &'static str },
    Fresh { seconds: u64 },
    Claim { name: &'static str, value: ClaimValue },
    Acr { values: &'static [&'static str] },
    Check { index: u16, source: &'static str },
    All(&'static [Requirement<A>]),
    Any(&'static [Requirement<A>]),
    Not(&'static Requirement<A>),
}

impl<A> Clone for Node<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Node<A> {}

impl<A> Clone for Requirement<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Requirement<A> {}

/// Stops the build at its caller: a panic in the caller itself would point into the source of `core`.
#[track_caller]
const fn assert_not_empty(clauses: usize, message: &str) {
    assert!(clauses > 0, "{}", message);
}

impl<A> Requirement<A> {
    const fn of(node: Node<A>) -> Self {
        Self { node, name: None, authority: PhantomData }
    }

    /// Returns the same requirement with a name, which documents and logs show.
    ///
    /// The name of a check stands in place of its code.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Returns the name of the rule or of the check, if it has one.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Every authenticated caller meets it.
    #[must_use]
    pub const fn authenticated() -> Self {
        Self::of(Node::Authenticated)
    }

    /// Callers whose claim has this value meet it.
    #[must_use]
    pub const fn claim(name: &'static str, value: ClaimValue) -> Self {
        Self::of(Node::Claim { name, value })
    }

    /// Callers who signed in under one of these authentication context classes meet it: the claim `acr` of OpenID
    /// Connect Core, section 2. Others are asked to sign in again (RFC 9470, `acr_values`).
    #[must_use]
    pub const fn acr<const N: usize>(values: &'static [&'static str; N]) -> Self {
        const { assert_not_empty(N, "`acr` of no classes would deny every caller: pass at least one") }
        Self::of(Node::Acr { values })
    }

    /// Callers who signed in at most this many seconds ago meet it (RFC 9470, `max_age`).
    #[must_use]
    pub const fn fresh(seconds: u64) -> Self {
        Self::of(Node::Fresh { seconds })
    }

    /// The expression with this number decides; `source` is its text.
    #[doc(hidden)]
    #[must_use]
    pub const fn check(index: u16, source: &'static str) -> Self {
        Self::of(Node::Check { index, source })
    }

    /// Callers who meet every clause meet it.
    #[must_use]
    pub const fn all<const N: usize>(clauses: &'static [Self; N]) -> Self {
        const { assert_not_empty(N, "`all` of no requirements would admit every authenticated caller: pass at least one") }
        Self::of(Node::All(clauses))
    }

    /// Callers who meet at least one clause meet it.
    #[must_use]
    pub const fn any<const N: usize>(clauses: &'static [Self; N]) -> Self {
        const { assert_not_empty(N, "`any` of no requirements would deny every caller: pass at least one") }
        Self::of(Node::Any(clauses))
    }

    /// Authenticated callers who do not meet the clause meet it.
    #[must_use]
    pub const fn not(clause: &'static Self) -> Self {
        Self::of(Node::Not(clause))
    }

    pub(crate) const fn node(&self) -> Node<A> {
        self.node
    }
}

impl<A: AuthSchema> Requirement<A> {
    /// Callers with this role meet it.
    #[must_use]
    pub const fn role(role: Entry<A::Role>) -> Self {
        Self::of(Node::Role { index: role.index(), name: role.name() })
    }

    /// Callers with this permission meet it, directly or through a role.
    #[must_use]
    pub const fn permission(permission: Entry<A::Permission>) -> Self {
        Self::of(Node::Permission { index: permission.index(), name: permission.name() })
    }

    /// Callers whose token has this OAuth 2 scope meet it (RFC 6749, section 3.3).
    #[must_use]
    pub const fn scope(scope: Entry<Scope<A>>) -> Self {
        Self::of(Node::Scope { index: scope.index(), name: scope.name() })
    }

    /// Callers who used this scheme meet it.
    #[must_use]
    pub const fn scheme(scheme: Entry<Scheme<A>>) -> Self {
        Self::of(Node::Scheme { index: scheme.index(), name: scheme.name() })
    }

    /// Returns the schemes that can meet this requirement.
    pub(super) const fn schemes(&self) -> SchemeSet {
        let mut schemes = SchemeSet::EMPTY;
        let mut index = 0;
        while index < A::SCHEMES.len() {
            if !matches!(self.met_by(SchemeSet::EMPTY.with(index)), Some(false)) {
                schemes = schemes.with(index);
            }
            index += 1;
        }
        schemes
    }

    /// Evaluates the requirement when only the schemes of the credentials are known. This is `truth` for compile time.
    pub(crate) const fn met_by(&self, schemes: SchemeSet) -> Option<bool> {
        match self.node {
            Node::Authenticated => Some(true),
            // A name that is not declared: the build stops there, and it is the only error.
            Node::Scheme { index: u16::MAX, .. } => None,
            Node::Scheme { index, .. } => Some(schemes.contains(index as usize)),
            Node::All(clauses) => Self::first_of(clauses, schemes, false),
            Node::Any(clauses) => Self::first_of(clauses, schemes, true),
            Node::Not(clause) => match clause.met_by(schemes) {
                Some(met) => Some(!met),
                None => None,
            },
            _ => None,
        }
    }

    /// Returns `deciding` if one clause has that value, else unknown if one is unknown, else the opposite.
    const fn first_of(clauses: &[Self], schemes: SchemeSet, deciding: bool) -> Option<bool> {
        let mut outcome = Some(!deciding);
        let mut index = 0;
        while index < clauses.len() {
            match clauses[index].met_by(schemes) {
                Some(met) if met == deciding => return Some(deciding),
                Some(_) => {}
                None => outcome = None,
            }
            index += 1;
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic(expected = "an empty list")]
    fn an_empty_list_stops_the_build() {
        super::assert_not_empty(0, "an empty list");
    }
}
