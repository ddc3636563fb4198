//! A hash as a store holds it: its function and parameters, and whether a password matches.

mod bounds;
mod crypt64;
mod format;
mod function;
mod hash;
#[cfg(test)]
mod tests;

pub(super) use self::{
    bounds::{MAX_MEMORY_KIB, MAX_WORK_KIB},
    format::parse,
    function::{Function, work},
    hash::StoredHash,
};
