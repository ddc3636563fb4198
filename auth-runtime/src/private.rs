//! Every path that the macros emit. Not part of the public API: it may change in any release.

#[path = "clause_keywords.rs"]
pub mod clauses;
#[path = "scheme_keywords.rs"]
pub mod schemes;

pub use auth_macros::__configured;

/// The attributes, for editors.
pub mod attributes {
    pub use auth_macros::{optional_auth, permission, protected, public};
}

pub use core;
pub use poem;
pub use poem_openapi;
pub use serde;
pub use std;

/// Emits clauses for an editor.
pub use crate::__editor as editor;
use crate::declared::lookup;
pub use crate::{
    authenticate::{Authentication, Authenticator, Context, Identity, Principal, Refusal, RefusalCause, SchemeErrors},
    credential::{CarriedBy, Credential, OnlyCredential, Selection, select},
    declared::{
        ApiKeyLocation, AuthSchema, DeclaredNames, Entry, GrantType, Includes, NoPermissions, NoRoles, OAuthFlow,
        RoleTable, Scheme, SchemeKind, SchemeSet, Scope, SecurityScheme, Set, Table, UnknownName,
        invariant::{assert_never, assert_only, assert_separate},
        kind,
        lookup::{assert_distinct, position},
    },
    event::EventSink,
    guard::{Asking, AuthConfig, Check, CheckResult, Guard, HandlerGuard, PublicGuard, Rule, RuleAt, Rules},
    mount::{Protected, ProtectedHandler, SecurityArgument, WithAuth},
    policy::{Access, ClaimValue, Operation, Requirement},
    respond::{Answering, Guarded, Rejection, RejectionBody},
    review::Invariants,
};

#[cfg(feature = "mcp")]
pub use crate::mcp::{FromCaller, ProtectedTools, ToolAnswer, ToolGuard};

/// The names of a table or of the schemes of an `Auth`, as an editor finds them.
pub trait EditorNames {
    /// A type with a constant for each name.
    type Names;
}

/// Looks for the credential of a scheme. Returns it, and whether it was found.
#[must_use]
pub fn find<K, C: CarriedBy<K>>(
    request: &poem::Request,
    wanted: SchemeSet,
    scheme: &SecurityScheme,
    index: usize,
) -> (Credential<C>, Credential<()>) {
    let credential = if wanted.contains(index) { C::find(request, scheme) } else { Credential::Absent };
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

/// Returns the entry of a name. An undeclared name is an error of [`assert_declared`].
#[must_use]
pub const fn entry<T: Table>(name: &'static str) -> Entry<T> {
    Entry::new(position(T::NAMES, name), name)
}

/// Stops the build at a name that the table does not declare.
#[track_caller]
pub const fn assert_declared<T: Table>(name: &str) {
    lookup::assert_known(T::KIND, T::NAMES, name);
}

/// Returns the entry of a name of a table that is known when generic code gets its types.
///
/// # Panics
/// If the name is not declared. In a constant, the panic is the compile error.
#[must_use]
#[track_caller]
pub const fn declared<T: Table>(name: &'static str) -> Entry<T> {
    assert_declared::<T>(name);
    entry(name)
}

/// Returns the entry of a name of another table, which this table includes.
///
/// # Panics
/// If this table does not have the name. In a constant, the panic is the compile error.
#[must_use]
#[track_caller]
pub const fn included<T: Includes<P>, P: Table>(entry: Entry<P>) -> Entry<T> {
    declared(entry.name())
}

/// Returns the operation of a rule. An `Auth` without `#[derive(Auth)]` is then one error, at the rule.
#[must_use]
#[track_caller]
pub const fn operation<R: Rule>(
    name: &'static str,
    access: Access<R::Auth>,
    place: &'static str,
) -> Operation<R::Auth> {
    Operation::new(name, access).at(place, 0)
}

/// Returns the operation at a position of a list, as [`operation`] does.
#[must_use]
#[track_caller]
pub const fn listed<R: Rules>(position: usize, name: &'static str, access: Access<R::Auth>) -> Operation<R::Auth> {
    Operation::new(name, access).at(R::PLACE, position)
}

/// Returns references to the operations of a list. The emitted code names the list itself, so that an error in it is
/// shown in the user's code alone.
#[must_use]
pub fn operations<A>(list: &'static [Operation<A>]) -> Vec<&'static Operation<A>> {
    list.iter().collect()
}

/// Returns a rule that another rule names. As a function, it makes a wrong type one error.
#[must_use]
pub const fn rule<A>(rule: &'static Operation<A>) -> &'static Operation<A> {
    rule
}

/// Whether an operation hides itself, or a rule in it does.
#[must_use]
pub const fn hides<A>(hide: bool, rule: &Operation<A>) -> bool {
    hide || rule.hides()
}

/// Returns the entry of a scope. An undeclared one is an error of [`assert_scope`].
#[must_use]
pub const fn scope<A: AuthSchema>(name: &'static str) -> Entry<Scope<A>> {
    Entry::new(position(A::SCOPES, name), name)
}

/// Stops the build at a scope that is not declared.
#[track_caller]
pub const fn assert_scope<A: AuthSchema>(name: &str) {
    lookup::assert_known("scope", A::SCOPES, name);
}

/// Returns the entry of a scope of an `Auth` that is known when generic code gets its types.
///
/// # Panics
/// If the scope is not declared. In a constant, the panic is the compile error.
#[must_use]
#[track_caller]
pub const fn declared_scope<A: AuthSchema>(name: &'static str) -> Entry<Scope<A>> {
    assert_scope::<A>(name);
    scope(name)
}

/// Returns the entry of a scheme. An undeclared one is an error of [`assert_scheme`].
#[must_use]
pub const fn scheme<A: AuthSchema>(name: &'static str) -> Entry<Scheme<A>> {
    Entry::new(position(A::SCHEME_NAMES, name), name)
}

/// Stops the build at a scheme that is not declared.
#[track_caller]
pub const fn assert_scheme<A: AuthSchema>(name: &str) {
    lookup::assert_known("scheme", A::SCHEME_NAMES, name);
}

/// Returns the entry of a scheme of an `Auth` that is known when generic code gets its types.
///
/// # Panics
/// If the scheme is not declared. In a constant, the panic is the compile error.
#[must_use]
#[track_caller]
pub const fn declared_scheme<A: AuthSchema>(name: &'static str) -> Entry<Scheme<A>> {
    assert_scheme::<A>(name);
    scheme(name)
}

/// Unwraps the items of an array that is computed.
///
/// # Panics
/// If one is missing. In a constant, the panic is a compile error.
#[must_use]
pub const fn all_of<T: Copy, const N: usize>(items: [Option<T>; N]) -> [T; N] {
    let Some(first) = items[0] else { panic!("the first item is missing") };
    let mut all = [first; N];
    let mut i = 0;
    while i < N {
        let Some(item) = items[i] else { panic!("an item is missing") };
        all[i] = item;
        i += 1;
    }
    all
}

/// Adds the name, or the names that a pattern such as `products:*` matches. An undeclared name adds nothing, as it
/// stops the build elsewhere.
#[must_use]
pub const fn with_granted<T: Table, const N: usize>(mut set: Set<T, N>, pattern: &'static str) -> Set<T, N> {
    let prefix = lookup::prefix(T::NAMES, pattern);
    let mut index = 0;
    while index < T::NAMES.len() {
        let covers = match prefix {
            Some(prefix) => lookup::starts_with(T::NAMES[index], prefix),
            None => lookup::equal(T::NAMES[index], pattern),
        };
        if covers {
            #[expect(clippy::cast_possible_truncation, reason = "the macros refuse tables of over 65,535 names")]
            let entry = Entry::new(index as u16, T::NAMES[index]);
            set = set.with(entry);
        }
        index += 1;
    }
    set
}

/// Stops the build at a name or a pattern that grants nothing.
#[track_caller]
pub const fn assert_granted<T: Table>(pattern: &str) {
    lookup::assert_granted(T::KIND, T::NAMES, pattern);
}

/// Starts a check. As a function, it makes a wrong type one error, at the check.
pub fn ask<'a, How, C: Check<How> + 'a>(check: C) -> Asking<'a> {
    check.ask()
}
