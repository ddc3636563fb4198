//! The access policy of the program that embeds the commands.

use std::fmt;

use auth_runtime::review::AccessPolicy;

use crate::error::Failure;

/// The access policy of a program, if it has one.
pub(crate) enum Program {
    /// The commands stand alone, without an application.
    None,
    /// The application hands over no policy.
    WithoutPolicy,
    /// The application builds its policy with this function.
    With(Box<dyn FnOnce() -> AccessPolicy + Send>),
}

impl Program {
    /// Returns the policy of the application.
    pub(crate) fn policy(self) -> Result<AccessPolicy, Failure> {
        match self {
            Self::With(policy) => Ok(policy()),
            Self::None => Err(Failure::usage(
                "this program is not an application, so it has no access policy; run the command in your application, \
                 or name a lock file if the command accepts one",
            )),
            Self::WithoutPolicy => Err(Failure::usage(
                "this program has no access policy; write `Admin::of::<Auth>(..).policy(policy)` with \
                 `fn policy() -> AccessPolicy { AccessPolicy::of::<Auth>().api::<Api>(\"/\").build() }`",
            )),
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::WithoutPolicy => "WithoutPolicy",
            Self::With(_) => "With(..)",
        })
    }
}
