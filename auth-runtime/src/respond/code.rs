//! The stable codes of rejections.

use poem::http::StatusCode;

/// Stable, machine-readable code of a rejection. It names no user, role or permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionCode {
    /// 401: no credential was sent.
    AuthenticationRequired,
    /// 401: the credential is not valid, or no longer valid. Also if its scheme is not accepted, or if
    /// [`LoadUser`](crate::extract::LoadUser) finds no user for the caller.
    InvalidCredentials,
    /// 401: the sign-in is too old or too weak (RFC 9470).
    ReauthenticationRequired,
    /// 400: the credential is malformed, or sent more than once. For a Basic credential that is not base64 of
    /// `name:password`, the code is [`InvalidCredentials`](Self::InvalidCredentials).
    MalformedCredentials,
    /// 431: the credential is larger than its scheme allows.
    CredentialTooLarge,
    /// 400: credentials with the same precedence were sent at several locations, such as a token and an API key.
    SeveralCredentials,
    /// 403: the caller may not do this.
    NotAllowed,
    /// 403: a page of another origin sent the request with the caller's cookie, or with the header of a proxy.
    CrossOrigin,
    /// 404 instead of 403, for operations with `hide`.
    NotFound,
    /// 429: the rate limit is exceeded.
    TooManyAttempts,
    /// 503: a backend is unavailable, so the request could not be decided.
    Unavailable,
    /// 500: a mistake of the application, such as a rule without an `Auth` or a configured scheme, or a handler that
    /// takes a caller and has no rule.
    Misconfigured,
}

impl RejectionCode {
    /// All codes, in the order of their declaration.
    pub(super) const ALL: [Self; 12] = [
        Self::AuthenticationRequired,
        Self::InvalidCredentials,
        Self::ReauthenticationRequired,
        Self::MalformedCredentials,
        Self::CredentialTooLarge,
        Self::SeveralCredentials,
        Self::NotAllowed,
        Self::CrossOrigin,
        Self::NotFound,
        Self::TooManyAttempts,
        Self::Unavailable,
        Self::Misconfigured,
    ];

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::AuthenticationRequired | Self::InvalidCredentials | Self::ReauthenticationRequired => {
                StatusCode::UNAUTHORIZED
            }
            Self::MalformedCredentials | Self::SeveralCredentials => StatusCode::BAD_REQUEST,
            Self::CredentialTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NotAllowed | Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the text of the member `code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => "authentication_required",
            Self::InvalidCredentials => "invalid_credentials",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::MalformedCredentials => "malformed_credentials",
            Self::CredentialTooLarge => "credential_too_large",
            Self::SeveralCredentials => "several_credentials",
            Self::NotAllowed => "not_allowed",
            Self::CrossOrigin => "cross_origin_request",
            Self::NotFound => "not_found",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unavailable => "temporarily_unavailable",
            Self::Misconfigured => "server_misconfigured",
        }
    }

    /// Returns a sentence for people. It is the same for every caller.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => {
                "This operation needs a credential; the WWW-Authenticate header names the schemes."
            }
            Self::InvalidCredentials => "The credential is not valid.",
            Self::ReauthenticationRequired => "This operation needs a more recent or a stronger sign-in.",
            Self::MalformedCredentials => "The credential is not well-formed.",
            Self::CredentialTooLarge => "The credential is too large.",
            Self::SeveralCredentials => "Send one credential, not several.",
            Self::NotAllowed => "You are not allowed to do this.",
            Self::CrossOrigin => "Pages of other origins are not allowed to do this.",
            Self::NotFound => "There is nothing here.",
            Self::TooManyAttempts => "Too many attempts; the Retry-After header says when to try again.",
            Self::Unavailable => "The request could not be authorized now; try again later.",
            Self::Misconfigured => "The server is not set up for this operation.",
        }
    }
}
