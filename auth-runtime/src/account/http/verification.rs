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
    account::{AccountStore, OneTimeTokenStore, SelfService},
    client_ip::ClientAddress,
};

impl<S: AccountStore + OneTimeTokenStore> SelfService<S> {
    pub(super) fn email_page(&self, error: Option<&str>) -> Page {
        let email = Field::Email { name: "email", label: "E-mail address", is_wrong: error.is_some() };
        let page = Page::new(&self.0.application, "Your e-mail address").alert_if(error);
        page.text("You get a mail with a link. It makes the address yours.").form("email", &[email], "Send the link")
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
                let text = "A mail with a link is on its way. Open it to make the address yours.";
                let page = || Page::new(&self.0.application, "Look into your mailbox").text(text);
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
                    let page = Page::new(&self.0.application, "Confirm your e-mail address");
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
                let page = || Page::new(&self.0.application, "Thank you").text(text);
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => HttpError::response(&error, wants_page, |text| self.invalid_link(text)),
        }
    }

    fn invalid_link(&self, text: &str) -> Page {
        Page::new(&self.0.application, "This did not work").alert(text)
    }
}
