//! Other schemes of the `Authorization` header, for authenticators of the application.

use poem::Request;

use super::{CarriedBy, Credential, Malformed, authorization, text::Text};
use crate::declared::{SchemeKind, SecurityScheme, kind};

/// The credentials of a scheme that this crate does not know: visible ASCII and spaces, not empty.
#[derive(Clone, Debug)]
pub struct HttpCredentials(Text);

impl HttpCredentials {
    /// Returns the credentials. They are a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl CarriedBy<kind::Http> for HttpCredentials {
    fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self> {
        let SchemeKind::Http { scheme } = scheme.kind else { return Credential::Absent };
        authorization::credentials(request, scheme)
            .and_then(|found| if is_visible(&found) { Ok(Self(found)) } else { Err(Malformed::Characters) })
    }
}

fn is_visible(credentials: &Text) -> bool {
    credentials.is_visible() && !credentials.as_bytes().contains(&b'\t')
}
