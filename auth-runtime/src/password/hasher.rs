//! The cost of new Argon2 hashes, and the comparison of stored hashes with it.

use std::error::Error;

use argon2::{
    Algorithm, Params, ParamsBuilder, RECOMMENDED_SALT_LEN, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

use super::{
    PasswordError,
    block_buffer::BlockBuffer,
    error::Reason,
    legacy::LegacyHashes,
    secret::{Keys, SecretKey},
    stored::{Function, MAX_MEMORY_KIB, MAX_WORK_KIB, StoredHash, parse, work},
};

/// A failure to compute a hash.
pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// Makes hashes with Argon2id in one lane.
#[derive(Clone)]
pub(super) struct PasswordHasher {
    memory_kib: u32,
    passes: u32,
    pub(super) keys: Keys,
    pub(super) legacy: LegacyHashes,
}

impl PasswordHasher {
    /// Sets the cost, within the minimum of OWASP and the maximum for stored hashes.
    pub(super) fn set_cost(&mut self, memory_kib: u32, passes: u32) {
        self.memory_kib = memory_kib.clamp(Params::DEFAULT_M_COST, MAX_MEMORY_KIB);
        self.passes = passes.clamp(Params::DEFAULT_T_COST, MAX_WORK_KIB / self.memory_kib);
    }

    /// Returns the blocks of 1 KiB that a new hash needs.
    pub(super) fn blocks(&self) -> usize {
        usize::try_from(self.memory_kib).unwrap_or(usize::MAX)
    }

    /// Hashes a password with a new salt, as a PHC string.
    pub(super) fn hash(&self, password: &str, memory: &mut BlockBuffer) -> Result<String, PasswordError> {
        self.try_hash(password, memory).map_err(|error| PasswordError::Hashing(error.to_string()))
    }

    fn try_hash(&self, password: &str, memory: &mut BlockBuffer) -> Result<String, Failure> {
        let params = self.params()?;
        let mut salt = [0; RECOMMENDED_SALT_LEN];
        getrandom::fill(&mut salt)?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let function = Function::Argon2(Algorithm::Argon2id, Version::V0x13, params.clone());
        function.compute(password.as_bytes(), &salt, self.keys.current.as_ref(), memory, &mut output)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&output)?),
        };
        Ok(hash.to_string())
    }

    fn params(&self) -> argon2::Result<Params> {
        let mut params = ParamsBuilder::new();
        params.m_cost(self.memory_kib).t_cost(self.passes).p_cost(1).keyid(self.keys.id());
        params.output_len(Params::DEFAULT_OUTPUT_LEN).build()
    }

    /// Returns a hash of no password that costs as much as a new one.
    pub(super) fn dummy(&self) -> Result<StoredHash, Failure> {
        let function = Function::Argon2(Algorithm::Argon2id, Version::V0x13, self.params()?);
        Ok(StoredHash::new("dummy", function, &[0; RECOMMENDED_SALT_LEN], &[0; Params::DEFAULT_OUTPUT_LEN])?)
    }

    /// Reads a stored hash, and finds the key that it was made with.
    pub(super) fn read(&self, hash: &str) -> Result<(StoredHash, Option<&SecretKey>), Reason> {
        let stored = parse(hash)?;
        let key = self.keys.find(stored.function().key_id())?;
        Ok((stored, key))
    }

    /// Returns whether a new hash would be harder to crack. More memory makes up for fewer passes.
    pub(super) fn is_weaker(&self, stored: &StoredHash) -> bool {
        let Function::Argon2(Algorithm::Argon2id, Version::V0x13, params) = stored.function() else { return true };
        let (salt, output) = stored.lengths();
        params.m_cost() < self.memory_kib
            || work(params) < u64::from(self.memory_kib) * u64::from(self.passes)
            || salt < RECOMMENDED_SALT_LEN
            || output < Params::DEFAULT_OUTPUT_LEN
            || params.keyid() != self.keys.id().as_bytes()
    }
}

impl Default for PasswordHasher {
    /// Returns the minimum of OWASP: 19 MiB and two passes.
    fn default() -> Self {
        Self {
            memory_kib: Params::DEFAULT_M_COST,
            passes: Params::DEFAULT_T_COST,
            keys: Keys::default(),
            legacy: LegacyHashes::default(),
        }
    }
}
