//! A hash as a store holds it: what it was made with, and whether a password gives it.

mod bounds;
mod format;
mod function;
#[cfg(test)]
mod tests;

use std::error::Error;

use subtle::ConstantTimeEq;

pub(super) use self::{
    bounds::{MAX_MEMORY_KIB, MAX_WORK_KIB},
    format::parse,
    function::{Function, argon2, work},
};
use super::secret::SecretKey;

/// Why a hash cannot be verified. It holds nothing of the hash.
pub(super) type Reason = &'static str;

/// A hash that can be verified: within what it may ask for.
pub(super) struct Stored {
    function: Function,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    /// Of a function that is within its bounds.
    pub(super) fn new(function: Function, salt: &[u8], output: &[u8]) -> Result<Self, Reason> {
        bounds::output(output.len())?;
        Ok(Self { function, salt: salt.to_vec(), output: output.to_vec() })
    }

    /// Whether the password gives this hash: computed in full, whatever the outcome.
    ///
    /// # Errors
    /// If it cannot be computed, as there is no memory for it.
    pub(super) fn matches(
        &self,
        password: &str,
        key: Option<&SecretKey>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut computed = vec![0; self.output.len()];
        self.function.compute(password.as_bytes(), &self.salt, key, &mut computed)?;
        Ok(bool::from(computed.ct_eq(&self.output)) && self.function.takes(password))
    }

    pub(super) fn function(&self) -> &Function {
        &self.function
    }

    /// The lengths of salt and output.
    pub(super) fn lengths(&self) -> (usize, usize) {
        (self.salt.len(), self.output.len())
    }
}
