//! Details of the sign-in of a caller with a session.

/// Details of the sign-in behind a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInDetails {
    /// The identifier of the session: `sid` of OpenID Connect. It is no secret.
    pub session_id: String,
    /// The authentication context class, such as the level of a second factor: `acr` of OpenID Connect.
    pub acr: Option<String>,
    /// The methods that the user signed in by, such as `pwd` and `otp`: `amr` (RFC 8176).
    pub methods: Vec<String>,
}

impl SignInDetails {
    /// Returns the details of the session with this identifier.
    #[must_use]
    pub fn new(session_id: impl Into<String>) -> Self {
        Self { session_id: session_id.into(), ..Self::default() }
    }
}
