//! The results of the checks of a request.

/// The results of the checks that ran, as bits. The macros allow at most 64 checks in a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckAnswers {
    answered: u64,
    yes: u64,
}

impl CheckAnswers {
    /// No check ran.
    pub(crate) const NONE: Self = Self { answered: 0, yes: 0 };

    /// Returns the result of a check; none if it did not run yet.
    pub(crate) fn get(self, check: u16) -> Option<bool> {
        has(self.answered, check).then_some(has(self.yes, check))
    }

    /// Returns these results and one more.
    #[must_use]
    pub(crate) const fn with(self, check: u16, is_met: bool) -> Self {
        Self { answered: self.answered | 1 << check, yes: self.yes | (is_met as u64) << check }
    }
}

const fn has(bits: u64, check: u16) -> bool {
    bits >> check & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::CheckAnswers;

    #[test]
    fn each_check_has_its_own_answer() {
        let answers = CheckAnswers::NONE.with(0, true).with(2, false).with(63, true).with(0, true);
        let known: Vec<_> = (0..64).filter_map(|check| Some((check, answers.get(check)?))).collect();
        assert_eq!(known, [(0, true), (2, false), (63, true)]);
    }
}
