//! One-time tokens: random, stored as a hash, valid once and for a short time.

mod store;
mod token;

pub(super) use self::token::OneTimeToken;
pub use self::{
    store::{OneTimeTokenRecord, OneTimeTokenStore},
    token::{OneTimeTokenHash, Purpose},
};
