//! Invariants of roles and permissions, checked by the compiler.

use super::{
    AuthSchema, RoleTable, Table,
    lookup::{Message, equal, position, prefix, starts_with},
};

/// Stops the build if another role than these has a permission that the pattern matches.
///
/// # Panics
/// If one does. In a constant, the panic is the compile error.
#[track_caller]
pub const fn assert_only<A: AuthSchema>(roles: &[&str], pattern: &str) {
    let names = <A::Role as Table>::NAMES;
    if !are_declared(names, roles) {
        return;
    }
    let mut role = 0;
    while role < names.len() {
        if position(roles, names[role]) == u16::MAX
            && let Some(permission) = held::<A>(role, pattern)
        {
            let message = Message::new().push("only ").push_names(roles).push(" may have `").push(permission);
            panic!("{}", message.push("`, but `").push(names[role]).push("` has it too").as_str())
        }
        role += 1;
    }
}

/// Stops the build if one of these roles has a permission that the pattern matches.
///
/// # Panics
/// If one does. In a constant, the panic is the compile error.
#[track_caller]
pub const fn assert_never<A: AuthSchema>(roles: &[&str], pattern: &str) {
    let mut role = 0;
    while role < roles.len() {
        let index = position(<A::Role as Table>::NAMES, roles[role]) as usize;
        if let Some(permission) = held::<A>(index, pattern) {
            let message = Message::new().push("`").push(roles[role]).push("` must never have `").push(pattern);
            let message = message.push(if equal(permission, pattern) { "`, but it does" } else { "`, but it has `" });
            let message = if equal(permission, pattern) { message } else { message.push(permission).push("`") };
            panic!("{}", message.as_str())
        }
        role += 1;
    }
}

/// Stops the build if a role has a permission that only the first of two roles has, and one that only the second has.
///
/// # Panics
/// If one does, or if one of both roles has all that the other has. In a constant, the panic is the compile error.
#[track_caller]
pub const fn assert_separate<A: AuthSchema>(first: &str, second: &str) {
    let names = <A::Role as Table>::NAMES;
    let (one, other) = (position(names, first) as usize, position(names, second) as usize);
    if one >= names.len() || other >= names.len() {
        return;
    }
    assert_differs::<A>(one, other);
    assert_differs::<A>(other, one);
    let mut role = 0;
    while role < names.len() {
        if let (Some(mine), Some(theirs)) = (shared::<A>(role, one, other), shared::<A>(role, other, one)) {
            let message = Message::new().push("`").push(first).push("` and `").push(second);
            let message = message.push("` must be separate, but `").push(names[role]).push("` has `").push(mine);
            let message = message.push("` of `").push(first).push("` and `").push(theirs).push("` of `").push(second);
            panic!("{}", message.push("`").as_str())
        }
        role += 1;
    }
}

/// Stops the build if a role has nothing that another one lacks.
#[track_caller]
const fn assert_differs<A: AuthSchema>(role: usize, other: usize) {
    if shared::<A>(role, role, other).is_none() {
        let names = <A::Role as Table>::NAMES;
        let message = Message::new().push("`").push(names[role]).push("` and `").push(names[other]);
        let message = message.push("` cannot be separate: `").push(names[other]).push("` has every permission of `");
        panic!("{}", message.push(names[role]).push("`").as_str())
    }
}

/// Returns a permission of this role that one role has and another lacks.
const fn shared<A: AuthSchema>(role: usize, with: usize, without: usize) -> Option<&'static str> {
    let names = <A::Permission as Table>::NAMES;
    let mut permission = 0;
    while permission < names.len() {
        if holds::<A>(role, permission) && holds::<A>(with, permission) && !holds::<A>(without, permission) {
            return Some(names[permission]);
        }
        permission += 1;
    }
    None
}

/// Returns a permission of a role that the pattern matches.
const fn held<A: AuthSchema>(role: usize, pattern: &str) -> Option<&'static str> {
    let names = <A::Permission as Table>::NAMES;
    let prefix = prefix(names, pattern);
    let mut permission = 0;
    while permission < names.len() {
        let is_covered = match prefix {
            Some(prefix) => starts_with(names[permission], prefix),
            None => equal(names[permission], pattern),
        };
        if is_covered && holds::<A>(role, permission) {
            return Some(names[permission]);
        }
        permission += 1;
    }
    None
}

/// Whether all names are declared. An undeclared name is an error elsewhere.
const fn are_declared(declared: &[&str], names: &[&str]) -> bool {
    let mut i = 0;
    while i < names.len() {
        if position(declared, names[i]) == u16::MAX {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether a role holds a permission. An unknown role is an error elsewhere, and holds none here.
const fn holds<A: AuthSchema>(role: usize, permission: usize) -> bool {
    let roles = <A::Role as RoleTable>::PERMISSION_WORDS;
    role < roles.len()
        && permission / 64 < roles[role].len()
        && roles[role][permission / 64] >> (permission % 64) & 1 == 1
}
