//! `email`, where a user enters an address, and `verify-email`, which the link in the mail opens.

use poem::{Request, Response};
use serde_json::json;

use super::{
    error::HttpError,
    fields::{query, read_fields},
    page::{Field, Page},
    response::{done, wants_page},
    routes::{Caller, own_origin},
};
use crate::{
    account::{AccountStore, SelfService},
    client_ip::ClientAddress,
};

impl<S: AccountStore> SelfService<S> {
    fn email_page(&self, error: Option<&str>) -> Page {
        let page = Page::new(&self.0.site, "E-mail address");
        let page = page.text(
            "With a confirmed address, you can replace a forgotten password. We send a link to confirm the address.",
        );
        page.form("email", &[Field::Email { error }], "Send the link").user_links("email")
    }

    pub(super) fn email_form(&self, request: &Request) -> Response {
        done(wants_page(request), || self.email_page(None), &json!({ "fields": ["email"] }))
    }

    pub(super) async fn email(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let sent = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            let client = ClientAddress::of(&request);
            Ok(self.request_verification(client, &caller.subject, fields.get("email").trim()).await?)
        };
        match sent.await {
            Ok(()) => {
                let text = "A mail with a link is on its way. Open the link to confirm your address.";
                let page = || Page::new(&self.0.site, "Check your mailbox").text(text).user_links("");
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => HttpError::response(&error, wants_page, |text| self.email_page(Some(text))),
        }
    }

    /// A scanner of mail may open the link, so it consumes nothing.
    pub(super) async fn verify_form(self, request: Request) -> Response {
        let (wants_page, token) = (wants_page(&request), query(&request, "token"));
        match self.check_verification_link(&token).await {
            Ok(address) => {
                let fields = [Field::Hidden { name: "token", value: &token }];
                let page = || {
                    let page = Page::new(&self.0.site, "Confirm your e-mail address");
                    page.text(&format!("Is {address} your address?")).form("verify-email", &fields, "Confirm")
                };
                done(wants_page, page, &json!({ "valid": true }))
            }
            Err(error) => HttpError::from(error).response(wants_page, |text| self.invalid_link(text)),
        }
    }

    pub(super) async fn verify(self, mut request: Request) -> Response {
        let wants_page = wants_page(&request);
        let verified = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.verify_email(fields.get("token")).await?)
        };
        match verified.await {
            Ok(_) => {
                let text = "Your e-mail address is confirmed.";
                let page = || Page::new(&self.0.site, "Thank you").text(text).user_links("");
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => HttpError::response(&error, wants_page, |text| self.invalid_link(text)),
        }
    }

    /// Returns the page for a caller who has no account here.
    pub(super) fn refused_page(&self, text: &str) -> Page {
        Page::new(&self.0.site, "This did not work").alert(text)
    }

    fn invalid_link(&self, text: &str) -> Page {
        Page::new(&self.0.site, "This did not work").alert(text).user_links("")
    }
}
