//! The caller with the fewest facts.

use super::{Atom, Space, TruthTable};
use crate::review::Persona;

/// Returns the caller with the fewest facts among those that `function` is true for, and the cost of the facts. The
/// roles and permissions of the space are added to those of `base`.
pub(super) fn example(
    space: &Space<'_>,
    function: &TruthTable,
    possible: &TruthTable,
    schemes: &[&str],
    base: &Persona,
) -> Option<(u32, Persona)> {
    if function.is_false() {
        return None;
    }
    let wanted = function.clone().and(possible);
    let costs: Vec<u32> = space.atoms().iter().map(|atom| cost(*atom)).collect();
    let price =
        |point: u32| costs.iter().enumerate().filter(|(index, _)| point >> index & 1 == 1).map(|(_, cost)| cost).sum();
    let (point, price) =
        wanted.points().map(|point| (point, price(point))).min_by_key(|(point, price)| (*price, *point))?;
    let needed = needed(space, function, possible, point);
    Some((price, persona(space, point, needed, schemes, base)))
}

/// A role says more to a reader than the permission alone; an override is rare.
const fn cost(atom: Atom<'_>) -> u32 {
    match atom {
        Atom::Overridden | Atom::Limited => 1_000,
        Atom::Permission(_) | Atom::Scope(_) | Atom::Claim(..) | Atom::Acr(_) | Atom::Check(_) => 10,
        Atom::Role(_) => 8,
        Atom::Scheme(_) | Atom::Fresh(_) | Atom::Without(_) => 1,
    }
}

/// Returns the deciding facts of the caller at this point, as bits. The others may be true or false.
fn needed(space: &Space<'_>, function: &TruthTable, possible: &TruthTable, point: u32) -> u32 {
    let relaxed = function.clone().or(&possible.clone().not());
    let mut needed = 0;
    let mut rest = relaxed;
    for index in 0..space.atoms().len() {
        let holds = point >> index & 1 == 1;
        let (same, other) = (rest.with(index, holds), rest.with(index, !holds));
        let either = same.clone().and(&other);
        // Without the fact, the point must still be one of those that are true.
        let is_free = !is_tied(space.atoms()[index]) && at(&either, space, point);
        needed |= u32::from(!is_free) << index;
        rest = if is_free { either } else { same };
    }
    needed
}

/// A persona has the roles and permissions that are named, and no others.
const fn is_tied(atom: Atom<'_>) -> bool {
    matches!(atom, Atom::Role(_) | Atom::Permission(_) | Atom::Overridden | Atom::Limited | Atom::Without(_))
}

/// Whether a function is true at a point.
fn at(function: &TruthTable, space: &Space<'_>, point: u32) -> bool {
    !(0..space.atoms().len())
        .fold(function.clone(), |table, index| table.with(index, point >> index & 1 == 1))
        .is_false()
}

fn persona(space: &Space<'_>, point: u32, needed: u32, schemes: &[&str], base: &Persona) -> Persona {
    let facts: Vec<(Atom<'_>, bool, bool)> = space
        .atoms()
        .iter()
        .enumerate()
        .map(|(index, atom)| (*atom, point >> index & 1 == 1, needed >> index & 1 == 1))
        .collect();
    let scopes = facts
        .iter()
        .filter_map(|(atom, holds, _)| if let Atom::Scope(name) = atom { holds.then_some(*name) } else { None });
    let is_needed = |is: fn(&Atom<'_>) -> bool| facts.iter().any(|(atom, _, needed)| *needed && is(atom));
    let mut persona = base.clone();
    if is_needed(|atom| matches!(atom, Atom::Scope(_))) {
        persona = persona.scopes(scopes.collect::<Vec<_>>());
    }
    if is_needed(|atom| matches!(atom, Atom::Scheme(_))) {
        persona = used_schemes(space, &facts, schemes).into_iter().fold(persona, Persona::scheme);
    }
    if is_needed(|atom| matches!(atom, Atom::Fresh(_))) {
        persona = persona.signed_in(age(&facts));
    }
    if is_needed(|atom| matches!(atom, Atom::Acr(_))) {
        let class = facts
            .iter()
            .find_map(|(atom, holds, _)| if let Atom::Acr(value) = atom { holds.then_some(*value) } else { None });
        persona = persona.acr(class.unwrap_or_default());
    }
    for (atom, holds, needed) in facts {
        persona = match atom {
            Atom::Role(name) if holds => persona.role(name),
            Atom::Permission(name) if holds => persona.permission(name),
            Atom::Overridden if holds => persona.overridden(),
            Atom::Limited if holds => persona.limited_to(limits(space, point)),
            Atom::Check(text) if needed => persona.check(text.clone(), holds),
            Atom::Claim(name, value) if needed => persona.claim(name, value.clone(), holds),
            _ => persona,
        };
    }
    persona
}

/// Returns the schemes of the caller, or a scheme that no rule names.
fn used_schemes(space: &Space<'_>, facts: &[(Atom<'_>, bool, bool)], schemes: &[&str]) -> Vec<String> {
    let is_used = facts
        .iter()
        .filter_map(|(atom, holds, _)| if let Atom::Scheme(name) = atom { holds.then_some(*name) } else { None });
    let used: Vec<String> = is_used.map(str::to_owned).collect();
    if used.is_empty() {
        let other = schemes.iter().find(|name| !space.atoms().contains(&Atom::Scheme(name)));
        return other.map(|name| (*name).to_owned()).into_iter().collect();
    }
    used
}

/// Returns the age of the sign-in: as old as allowed, or a second older than any rule allows.
fn age(facts: &[(Atom<'_>, bool, bool)]) -> u64 {
    let bounds = || {
        facts.iter().filter_map(
            |(atom, holds, _)| if let Atom::Fresh(seconds) = atom { Some((*seconds, *holds)) } else { None },
        )
    };
    let youngest = bounds().filter(|(_, holds)| *holds).map(|(seconds, _)| seconds).min();
    youngest.unwrap_or_else(|| bounds().map(|(seconds, _)| seconds).max().unwrap_or_default().saturating_add(1))
}

/// Returns the permissions that a limited credential keeps.
fn limits<'a>(space: &Space<'a>, point: u32) -> Vec<&'a str> {
    let lacks =
        |name: &str| space.atoms().binary_search(&Atom::Without(name)).is_ok_and(|index| point >> index & 1 == 1);
    let asked =
        space.atoms().iter().filter_map(|atom| if let Atom::Permission(name) = atom { Some(*name) } else { None });
    asked.filter(|name| !lacks(name)).collect()
}
