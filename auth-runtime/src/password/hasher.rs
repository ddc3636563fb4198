//! How hashes are made now, and which of the stored ones are weaker.

use std::error::Error;

use argon2::{
    Algorithm, Argon2, Params, ParamsBuilder, PasswordHasher, RECOMMENDED_SALT_LEN, Version,
    password_hash::{self, phc::PasswordHash},
};

use super::{
    UserError,
    secret::Keys,
    stored::{Function, MAX_MEMORY_KIB, MAX_WORK_KIB, Stored, argon2, work},
};

/// Argon2id in one lane.
#[derive(Clone)]
pub(super) struct Making {
    memory_kib: u32,
    passes: u32,
    pub(super) keys: Keys,
}

impl Making {
    /// At least what OWASP recommends, and at most what a stored hash may ask for.
    pub(super) fn set_cost(&mut self, memory_kib: u32, passes: u32) {
        self.memory_kib = memory_kib.clamp(Params::DEFAULT_M_COST, MAX_MEMORY_KIB);
        self.passes = passes.clamp(Params::DEFAULT_T_COST, MAX_WORK_KIB / self.memory_kib);
    }

    /// A hash with a salt of its own.
    pub(super) fn hash(&self, password: &str) -> Result<String, UserError> {
        let hash = self.try_hash(password).map_err(|error| UserError::Hashing(error.to_string()))?;
        Ok(hash.to_string())
    }

    fn try_hash(&self, password: &str) -> password_hash::Result<PasswordHash> {
        self.argon2()?.hash_password(password.as_bytes())
    }

    fn argon2(&self) -> argon2::Result<Argon2<'_>> {
        argon2(Algorithm::Argon2id, Version::V0x13, self.params()?, self.keys.current.as_ref())
    }

    fn params(&self) -> argon2::Result<Params> {
        let mut params = ParamsBuilder::new();
        params.m_cost(self.memory_kib).t_cost(self.passes).p_cost(1).keyid(self.keys.id());
        params.output_len(Params::DEFAULT_OUTPUT_LEN).build()
    }

    /// Costs what a hash costs that is made now, and is of no password.
    pub(super) fn dummy(&self) -> Result<Stored, Box<dyn Error + Send + Sync>> {
        let function = Function::Argon2(Algorithm::Argon2id, Version::V0x13, self.params()?);
        Ok(Stored::new(function, &[0; RECOMMENDED_SALT_LEN], &[0; Params::DEFAULT_OUTPUT_LEN])?)
    }

    /// Whether a hash that is made now would be harder to find the password of. More memory makes up for fewer passes.
    pub(super) fn is_weaker(&self, stored: &Stored) -> bool {
        let Function::Argon2(Algorithm::Argon2id, Version::V0x13, params) = stored.function() else { return true };
        let (salt, output) = stored.lengths();
        params.m_cost() < self.memory_kib
            || work(params) < u64::from(self.memory_kib) * u64::from(self.passes)
            || salt < RECOMMENDED_SALT_LEN
            || output < Params::DEFAULT_OUTPUT_LEN
            || params.keyid() != self.keys.id().as_bytes()
    }
}

impl Default for Making {
    /// What OWASP recommends: 19 MiB, two passes.
    fn default() -> Self {
        Self { memory_kib: Params::DEFAULT_M_COST, passes: Params::DEFAULT_T_COST, keys: Keys::default() }
    }
}
