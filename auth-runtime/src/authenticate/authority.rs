//! What `derive(Auth)` implements: the declared schemes with the authenticators behind them.

use std::future::Future;

use poem::Request;

use super::{AuthenticationError, Context, Identity};
use crate::{
    access::{RoleTable, Table, Tables},
    credential::{Choice, Malformed},
    principal::Principal,
    rejection::{Rejection, RejectionBody},
    scheme::{SchemeSet, SecurityScheme},
};

/// The schemes by which callers prove who they are, the tables of what may be theirs, and the authenticators.
///
/// Derive it: `#[derive(Auth)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how callers prove who they are",
    label = "not an `Auth` type",
    note = "put `#[derive(Auth, Clone)]` on `{Self}`, and `#[scheme(..)]` on its fields"
)]
pub trait Authority: Clone + Send + Sync + 'static {
    /// The table of permissions.
    type Permission: Table;
    /// The table of roles.
    type Role: RoleTable<Permission = Self::Permission>;
    /// The schemes, in the order of the fields.
    const SCHEMES: &'static [SecurityScheme];
    /// The protection space that challenges name (RFC 9110, section 11.5).
    const REALM: &'static str;

    /// The names of all tables.
    fn tables() -> &'static Tables;

    /// The schemes whose authenticators are configured.
    fn configured(&self) -> SchemeSet;

    /// Looks for credentials of the accepted schemes and verifies what is there.
    fn authenticate(&self, request: &Request, accepted: SchemeSet)
    -> impl Future<Output = Authentication<Self>> + Send;

    /// The body of an answer that keeps a caller out.
    #[must_use]
    fn rejection_body(rejection: &Rejection) -> RejectionBody {
        RejectionBody::problem(rejection)
    }
}

/// What the credentials of a request say.
#[derive(Debug)]
pub enum Authentication<A: Authority> {
    /// There are none.
    Anonymous,
    /// They are good.
    Authenticated(Principal<A>),
    /// They are not.
    Refused(Refusal),
}

/// Credentials that prove nothing.
#[derive(Debug)]
pub struct Refusal {
    /// The scheme that the caller used, if it is one of the declared.
    pub scheme: Option<usize>,
    /// What is wrong.
    pub cause: RefusalCause,
}

impl Refusal {
    /// Whether nobody can tell now: one backend that does not answer outweighs what the others say, as the credential
    /// may be good.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(&self.cause, RefusalCause::Authentication(errors) if errors.iter().any(|(_, error)| error.is_unavailable()))
    }

    /// For the log: what is wrong, by the name of each scheme that was asked.
    pub(crate) fn describe(&self, schemes: &[SecurityScheme]) -> String {
        let name = |index: usize| schemes.get(index).map_or("", |scheme| scheme.name);
        match &self.cause {
            RefusalCause::Malformed(malformed) => malformed.to_string(),
            RefusalCause::Several => "credentials of several schemes".to_owned(),
            RefusalCause::Unsupported => "the scheme is not accepted".to_owned(),
            RefusalCause::CrossOrigin => "a cookie, sent for a page of another site".to_owned(),
            RefusalCause::Authentication(errors) => {
                errors.iter().map(|(index, error)| format!("{}: {error}", name(*index))).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// What is wrong with credentials.
#[derive(Debug)]
pub enum RefusalCause {
    /// Their form.
    Malformed(Malformed),
    /// There are several, of different schemes.
    Several,
    /// Their scheme is not accepted.
    Unsupported,
    /// They are a cookie that a page of another site makes the browser send.
    CrossOrigin,
    /// Their content, or what is needed to verify it; with what each scheme that was asked says.
    Authentication(Vec<(usize, AuthenticationError)>),
}

/// What was chosen where there is nothing to verify.
impl From<Choice> for Refusal {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Malformed(scheme, malformed) => {
                Self { scheme: Some(scheme), cause: RefusalCause::Malformed(malformed) }
            }
            Choice::CrossOrigin(scheme) => Self { scheme: Some(scheme), cause: RefusalCause::CrossOrigin },
            Choice::Several => Self { scheme: None, cause: RefusalCause::Several },
            // The line asks for a refusal only where there is one; anything else stays out all the same.
            Choice::Unsupported | Choice::None | Choice::One(_) => {
                Self { scheme: None, cause: RefusalCause::Unsupported }
            }
        }
    }
}

/// Tries the authenticators whose schemes look at the credential that was found, in order, until one vouches for it.
#[derive(Debug, Default)]
pub struct Attempt {
    errors: Vec<(usize, AuthenticationError)>,
}

impl Attempt {
    /// No authenticator was asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the authenticator of a scheme says; an identity ends the attempt.
    pub fn step(&mut self, scheme: usize, said: Result<Identity, AuthenticationError>) -> Option<Identity> {
        said.map_err(|error| self.errors.push((scheme, error))).ok()
    }

    /// What is left if nobody vouched: the refusal.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let scheme = self.errors.first().map(|(scheme, _)| *scheme);
        Refusal { scheme, cause: RefusalCause::Authentication(self.errors) }
    }
}

impl Context {
    /// For the authenticators of `A`: to ask one of them outside of a request that a rule judges, as a token endpoint
    /// does with a user name and a password.
    #[must_use]
    pub fn of<A: Authority>() -> Self {
        Self::new(A::tables())
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, AuthenticationError};
    use crate::scheme::{SchemeKind, SecurityScheme};

    const SCHEMES: [SecurityScheme; 2] = [
        SecurityScheme { name: "own", description: "", kind: SchemeKind::Bearer { format: None } },
        SecurityScheme { name: "other", description: "", kind: SchemeKind::Bearer { format: None } },
    ];

    #[test]
    fn r91_the_log_has_what_every_scheme_says() {
        let mut attempt = Attempt::new();
        assert!(attempt.step(0, Err(AuthenticationError::invalid("expired"))).is_none());
        assert!(attempt.step(1, Err(AuthenticationError::invalid("algorithm"))).is_none());
        let refusal = attempt.refusal();
        assert_eq!(refusal.describe(&SCHEMES), "own: expired; other: algorithm");
        assert!(!refusal.is_unavailable());
    }

    #[test]
    fn a_backend_that_is_down_outweighs_a_refusal_whichever_comes_first() {
        let down = || Err(AuthenticationError::unavailable("connection refused"));
        let invalid = || Err(AuthenticationError::invalid("expired"));
        for said in [[down(), invalid()], [invalid(), down()]] {
            let mut attempt = Attempt::new();
            for (scheme, said) in said.into_iter().enumerate() {
                assert!(attempt.step(scheme, said).is_none());
            }
            assert!(attempt.refusal().is_unavailable());
        }
    }
}
