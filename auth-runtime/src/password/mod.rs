//! Passwords: which are accepted, how they are hashed, and how a stored hash is verified.
//!
//! This module knows neither users nor stores. [`Passwords`] is the entry point, and [`PasswordPool`] bounds the cost.

mod block_buffer;
mod breach;
mod common;
mod error;
mod hash_permit;
mod hasher;
mod legacy;
mod limits;
mod low_priority;
mod normalize;
mod passwords;
mod policy;
mod pool;
mod secret;
mod stored;
mod verify;

pub(crate) use self::verify::Verified;
pub use self::{
    breach::BreachCheck,
    error::PasswordError,
    legacy::LegacyHash,
    limits::{MAX_PASSWORD_LEN, MIN_PASSWORD_LEN},
    passwords::{HashInfo, HashStrength, Passwords, hash_password},
    pool::PasswordPool,
};
