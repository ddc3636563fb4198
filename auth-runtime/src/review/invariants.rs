//! Invariants of the routes of a policy.

use super::AccessPolicy;

/// Invariants of routes, which the compiler cannot check. [`invariants!`](crate::invariants) declares the constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invariants {
    max_public: usize,
}

impl Invariants {
    /// Requires that at most this many operations admit anonymous callers.
    #[must_use]
    pub const fn max_public(max_public: usize) -> Self {
        Self { max_public }
    }
}

impl AccessPolicy {
    /// Returns a message for each invariant that the policy violates. It names the operations.
    ///
    /// ```
    /// use auth_runtime::review::{AccessPolicy, Invariants};
    /// # let policy: AccessPolicy = r#"
    /// # access-lock 1
    /// # GET /health public "liveness probe"
    /// #     operation "app::Entries::health"
    /// # GET /hello optional
    /// #     operation "app::Entries::hello"
    /// # "#.parse()?;
    ///
    /// assert!(policy.broken(Invariants::max_public(2)).is_empty());
    /// assert_eq!(
    ///     policy.broken(Invariants::max_public(1)),
    ///     ["`max_public = 1` is broken: 2 operations let anonymous callers in: GET /health, GET /hello"]
    /// );
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn broken(&self, invariants: Invariants) -> Vec<String> {
        let Invariants { max_public } = invariants;
        let open: Vec<String> =
            self.rules.iter().filter(|rule| rule.admits_anonymous()).map(|rule| rule.target.to_string()).collect();
        let count = open.len();
        let text = || {
            format!(
                "`max_public = {max_public}` is broken: {count} operations let anonymous callers in: {}",
                open.join(", ")
            )
        };
        (count > max_public).then(text).into_iter().collect()
    }
}
