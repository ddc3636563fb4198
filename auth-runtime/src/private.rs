//! Every path that the macros emit. Not for use by hand, and free to change in any release.

pub use auth_macros::__configured;
pub use core;
pub use poem;
pub use poem_openapi;
pub use serde;
pub use std;

pub use crate::{
    authenticate::{Authentication, Authenticator, Context, Principal, Refusal, RefusalCause, SchemeErrors},
    credential::{CarriedBy, Credential, Selection, choose},
    declared::{
        ApiKeyLocation, AuthSchema, DeclaredNames, Entry, GrantType, NoPermissions, NoRoles, OAuthFlow, RoleTable,
        Scheme, SchemeKind, SchemeSet, Scope, SecurityScheme, Set, Table, UnknownName, kind,
        lookup::{assert_known, position},
    },
    event::EventSink,
    guard::{Asking, AuthConfig, Check, CheckResult, Guard, HandlerGuard, Rule},
    mount::{Protected, WithAuth},
    policy::{Access, Operation, Requirement},
    respond::{Guarded, Rejection, RejectionBody},
};

/// What a scheme finds in a request, and what was found without what it holds.
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

/// The names of two tables in one.
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

/// A set with one more entry. A name that is not declared has stopped the build already, and adds nothing.
#[must_use]
pub const fn with<T, const N: usize>(set: Set<T, N>, entry: Entry<T>) -> Set<T, N> {
    if entry.index() == u16::MAX { set } else { set.with(entry) }
}

/// Asks a check, as a function of its own: a type that cannot be asked is one error, at the check.
pub fn ask<'a, How, C: Check<How> + 'a>(check: C) -> Asking<'a> {
    check.ask()
}
