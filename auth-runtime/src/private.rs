//! Every path that the macros emit. Not part of the public API: it may change in any release.

pub use auth_macros::__configured;
pub use core;
pub use poem;
pub use poem_openapi;
pub use serde;
pub use std;

pub use crate::{
    authenticate::{Authentication, Authenticator, Context, Principal, Refusal, RefusalCause, SchemeErrors},
    credential::{CarriedBy, Credential, Selection, select},
    declared::{
        ApiKeyLocation, AuthSchema, DeclaredNames, Entry, GrantType, NoPermissions, NoRoles, OAuthFlow, RoleTable,
        Scheme, SchemeKind, SchemeSet, Scope, SecurityScheme, Set, Table, UnknownName, kind,
        lookup::{assert_known, position},
    },
    event::EventSink,
    guard::{Asking, AuthConfig, Check, CheckResult, Guard, HandlerGuard, Rule},
    mount::{Protected, ProtectedHandler, SecurityArgument, WithAuth},
    policy::{Access, Operation, Requirement},
    respond::{Guarded, Rejection, RejectionBody},
};

#[cfg(feature = "mcp")]
pub use crate::mcp::{FromCaller, ProtectedTools, ToolAnswer, ToolGuard};

/// Looks for the credential of a scheme. Returns it, and whether it was found.
#[must_use]
pub fn find<K, C: CarriedBy<K>>(
    request: &poem::Request,
    accepted: SchemeSet,
    scheme: &SecurityScheme,
    index: usize,
) -> (Credential<C>, Credential<()>) {
    let credential = if accepted.contains(index) { C::find(request, scheme) } else { Credential::Absent };
    let state = credential.state();
    (credential, state)
}

/// Joins the names of two tables.
#[must_use]
pub const fn concat<const N: usize>(first: &[&'static str], second: &[&'static str]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = if i < first.len() { first[i] } else { second[i - first.len()] };
        i += 1;
    }
    names
}

/// Adds an entry to a set. An undeclared name adds nothing, as it stops the build elsewhere.
#[must_use]
pub const fn with<T, const N: usize>(set: Set<T, N>, entry: Entry<T>) -> Set<T, N> {
    if entry.index() == u16::MAX { set } else { set.with(entry) }
}

/// Starts a check. As a function, it makes a wrong type one error, at the check.
pub fn ask<'a, How, C: Check<How> + 'a>(check: C) -> Asking<'a> {
    check.ask()
}
