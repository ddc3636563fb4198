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
    /// Their content, or what is needed to verify it.
    Authentication(AuthenticationError),
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
    refusal: Option<Refusal>,
}

impl Attempt {
    /// No authenticator was asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the authenticator of a scheme says; an identity ends the attempt.
    ///
    /// A backend that does not answer outweighs a "not mine" of another: the credential may be good.
    pub fn step(&mut self, scheme: usize, said: Result<Identity, AuthenticationError>) -> Option<Identity> {
        let error = match said {
            Ok(identity) => return Some(identity),
            Err(error) => error,
        };
        let is_down =
            |refusal: &Refusal| matches!(&refusal.cause, RefusalCause::Authentication(error) if error.is_unavailable());
        if !self.refusal.as_ref().is_some_and(is_down) {
            self.refusal = Some(Refusal { scheme: Some(scheme), cause: RefusalCause::Authentication(error) });
        }
        None
    }

    /// What is left if nobody vouched: the refusal, or an error if nobody was asked.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        self.refusal.unwrap_or(Refusal { scheme: None, cause: RefusalCause::Unsupported })
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
