//! A secret that a user is about to enter into an authenticator app.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::{qr::svg, totp::TotpSecret};
use crate::authenticate::Unavailable;

/// A secret to enter into an authenticator app. It becomes active when the user confirms it with a code of the app.
pub struct Enrolment {
    secret: SecretString,
    uri: SecretString,
}

impl Enrolment {
    pub(in super::super) fn new(secret: &TotpSecret, application: &str, username: &str) -> Result<Self, Unavailable> {
        Ok(Self { secret: secret.text().into(), uri: secret.uri(application, username)?.into() })
    }

    /// Returns the secret to type: base32 in groups of four.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Returns the `otpauth` URI, for a link on the phone itself.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.uri.expose_secret()
    }

    /// Returns a QR code of the URI, as an SVG element for an HTML page.
    ///
    /// # Errors
    /// [`Unavailable`] if the URI is too long for a QR code.
    pub fn qr_code(&self) -> Result<String, Unavailable> {
        svg(self.uri(), "QR code for your authenticator app")
    }
}

/// Redacted.
impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[enrolment]")
    }
}
