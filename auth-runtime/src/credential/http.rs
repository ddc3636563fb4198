//! Any other scheme of the `Authorization` header, for plugins.

use poem::Request;

use super::{CarriedBy, Credential, Malformed, authorization, text::Text};
use crate::declared::{SchemeKind, SecurityScheme, kind};

/// What follows the name of a scheme that this crate does not know: not empty, visible ASCII and spaces.
#[derive(Clone, Debug)]
pub struct HttpCredentials(Text);

impl HttpCredentials {
    /// The credentials; a secret.
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
