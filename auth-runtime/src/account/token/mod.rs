//! One-time tokens: random, stored as a hash, valid once and for a short time.

mod one_time;
mod store;

pub(super) use self::one_time::OneTimeToken;
pub use self::{
    one_time::{OneTimeTokenHash, Purpose},
    store::{OneTimeTokenRecord, OneTimeTokenStore},
};
