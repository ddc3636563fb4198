//! A readable hash, and its comparison with a password.

use std::error::Error;

use subtle::ConstantTimeEq;

use super::{
    super::{block_buffer::BlockBuffer, error::Reason, secret::SecretKey},
    Function, bounds,
};

/// A hash that can be verified within the bounds on its cost.
pub(in super::super) struct StoredHash {
    form: &'static str,
    function: Function,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl StoredHash {
    /// Takes a function that is within its bounds.
    pub(in super::super) fn new(
        form: &'static str,
        function: Function,
        salt: &[u8],
        output: &[u8],
    ) -> Result<Self, Reason> {
        bounds::output(output.len())?;
        Ok(Self { form, function, salt: salt.to_vec(), output: output.to_vec() })
    }

    /// Returns whether the password has this hash. It is computed in full in any case.
    ///
    /// # Errors
    /// If there is no memory to compute it.
    pub(in super::super) fn matches(
        &self,
        password: &str,
        key: Option<&SecretKey>,
        memory: &mut BlockBuffer,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut computed = vec![0; self.output.len()];
        self.function.compute(password.as_bytes(), &self.salt, key, memory, &mut computed)?;
        Ok(bool::from(computed.ct_eq(&self.output)) && self.function.takes(password))
    }

    /// Returns the name of the form, such as `bcrypt (Django)`.
    pub(in super::super) const fn form(&self) -> &'static str {
        self.form
    }

    pub(in super::super) const fn function(&self) -> &Function {
        &self.function
    }

    /// Returns the lengths of salt and output.
    pub(in super::super) fn lengths(&self) -> (usize, usize) {
        (self.salt.len(), self.output.len())
    }
}
