//! Pages of other modules, beside the sign-in page.

use std::sync::Arc;

use poem::{Response, endpoint::BoxEndpoint};

use super::site::Site;
use crate::users::User;

/// An endpoint that several paths share.
pub(crate) type SharedEndpoint = Arc<BoxEndpoint<'static, Response>>;

/// Pages of another module, beside the sign-in page.
pub(crate) trait MorePages: Send + Sync {
    /// Returns the name of the application.
    fn application(&self) -> &str;

    /// Returns the links of a signed-in user: address and text.
    fn user_links(&self) -> &'static [(&'static str, &'static str)];

    /// Returns the links below the sign-in form: text and address.
    fn sign_in_links(&self) -> &'static [(&'static str, &'static str)];

    /// Tells a user that the password was changed on the page for it.
    fn password_changed(&self, user: &User);

    /// Returns the addresses below `path`, and the endpoint that answers them all.
    fn mount(&self, path: &str, site: Site) -> (&'static [&'static str], SharedEndpoint);
}
