//! What a rejected caller can rely on.

use poem::http::StatusCode;

/// What a rejected caller can rely on: stable, machine-readable, and silent about users, roles and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionCode {
    /// 401: no credential was sent.
    AuthenticationRequired,
    /// 401: the credential is not valid (any more).
    InvalidCredentials,
    /// 401: the sign-in is too long ago (RFC 9470).
    ReauthenticationRequired,
    /// 400: what was sent is not a credential.
    MalformedCredentials,
    /// 400: more than one credential was sent.
    SeveralCredentials,
    /// 403: the caller may not do this.
    NotAllowed,
    /// 403: a page of another site sent the request, with a cookie that the browser added.
    CrossOrigin,
    /// 404 instead of 403.
    NotFound,
    /// 429: too much was tried.
    TooManyAttempts,
    /// 503: whether the caller may do this cannot be told now.
    Unavailable,
    /// 500: an error of the application: a rule without an `Auth`.
    Misconfigured,
}

impl RejectionCode {
    /// All of them, in the order of their declaration.
    pub(super) const ALL: [Self; 11] = [
        Self::AuthenticationRequired,
        Self::InvalidCredentials,
        Self::ReauthenticationRequired,
        Self::MalformedCredentials,
        Self::SeveralCredentials,
        Self::NotAllowed,
        Self::CrossOrigin,
        Self::NotFound,
        Self::TooManyAttempts,
        Self::Unavailable,
        Self::Misconfigured,
    ];

    /// The status: fixed, whatever the body.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::AuthenticationRequired | Self::InvalidCredentials | Self::ReauthenticationRequired => {
                StatusCode::UNAUTHORIZED
            }
            Self::MalformedCredentials | Self::SeveralCredentials => StatusCode::BAD_REQUEST,
            Self::NotAllowed | Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// As it stands in the body.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => "authentication_required",
            Self::InvalidCredentials => "invalid_credentials",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::MalformedCredentials => "malformed_credentials",
            Self::SeveralCredentials => "several_credentials",
            Self::NotAllowed => "not_allowed",
            Self::CrossOrigin => "cross_origin_request",
            Self::NotFound => "not_found",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unavailable => "temporarily_unavailable",
            Self::Misconfigured => "server_misconfigured",
        }
    }

    /// A sentence for people, the same for every caller.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => {
                "This operation needs a credential; the WWW-Authenticate header names the schemes."
            }
            Self::InvalidCredentials => "The credential is not valid.",
            Self::ReauthenticationRequired => "This operation needs a more recent sign-in.",
            Self::MalformedCredentials => "The credential is not well-formed.",
            Self::SeveralCredentials => "Send one credential, not several.",
            Self::NotAllowed => "You may not do this.",
            Self::CrossOrigin => "A page of another site may not do this.",
            Self::NotFound => "There is nothing here.",
            Self::TooManyAttempts => "Too many attempts; the Retry-After header says when to try again.",
            Self::Unavailable => "Whether you may do this cannot be told at the moment; try again later.",
            Self::Misconfigured => "The server is not set up for this operation.",
        }
    }
}
