//! `forgot-password` and `reset-password`.

use poem::{Request, Response};
use serde_json::json;

use super::{
    error::HttpError,
    fields::{query, read_fields},
    page::{Field, Page},
    response::{done, wants_page},
    routes::own_origin,
};
use crate::{
    account::{AccountError, AccountStore, SelfService},
    client_ip::ClientAddress,
};

impl<S: AccountStore> SelfService<S> {
    /// Returns the form. An error may be about a link instead of the address.
    fn forgot_page(&self, link_error: Option<&str>, error: Option<&str>) -> Page {
        let page = Page::new(&self.0.site, "Forgot your password?").alert_if(link_error);
        let page = page.text("Enter your e-mail address. You get a mail with a link.");
        page.form("forgot-password", &[Field::Email { error }], "Send the link").sign_in_link()
    }

    pub(super) fn forgot_form(&self, request: &Request) -> Response {
        done(wants_page(request), || self.forgot_page(None, None), &json!({ "fields": ["email"] }))
    }

    /// The response is the same whether or not there is a user with the address.
    pub(super) async fn forgot(self, mut request: Request) -> Response {
        let wants_page = wants_page(&request);
        let sent = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.forgot_password(ClientAddress::of(&request), fields.get("email").trim()).await?)
        };
        match sent.await {
            Ok(()) => {
                let text = "If a user has this address and has verified it, a mail with a link is on its way.";
                let page = || Page::new(&self.0.site, "Check your mailbox").text(text).sign_in_link();
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => {
                let is_form = !matches!(error, HttpError::Account(AccountError::Email));
                HttpError::response(&error, wants_page, |text| {
                    if is_form { self.forgot_page(Some(text), None) } else { self.forgot_page(None, Some(text)) }
                })
            }
        }
    }

    /// A scanner of mail may open the link, so it consumes nothing.
    pub(super) async fn reset_form(self, request: Request) -> Response {
        let (wants_page, token) = (wants_page(&request), query(&request, "token"));
        match self.check_reset_link(&token).await {
            Ok(()) => done(wants_page, || self.reset_page(&token, None), &json!({ "valid": true })),
            Err(error) => HttpError::from(error).response(wants_page, |text| self.forgot_page(Some(text), None)),
        }
    }

    fn reset_page(&self, token: &str, error: Option<&str>) -> Page {
        let min_len = self.0.passwords.shortest();
        let fields = [Field::Hidden { name: "token", value: token }, Field::NewPassword { min_len, error }];
        Page::new(&self.0.site, "Choose a new password")
            .form("reset-password", &fields, "Set the password")
            .sign_in_link()
    }

    pub(super) async fn reset(self, mut request: Request) -> Response {
        let (wants_page, client) = (wants_page(&request), ClientAddress::of(&request));
        let fields = async {
            own_origin(&request)?;
            read_fields(&mut request).await
        };
        let fields = match fields.await {
            Ok(fields) => fields,
            Err(error) => return error.response(wants_page, |text| self.forgot_page(Some(text), None)),
        };
        match self.reset_password(client, fields.get("token"), fields.get("password")).await {
            Ok(_) => {
                let text = "Your password was replaced. Sign in with the new one.";
                let page = || Page::new(&self.0.site, "Your password was replaced").text(text).sign_in_link();
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => {
                let may_try_again = !matches!(error, AccountError::Link);
                HttpError::from(error).response(wants_page, |text| {
                    if may_try_again {
                        self.reset_page(fields.get("token"), Some(text))
                    } else {
                        self.forgot_page(Some(text), None)
                    }
                })
            }
        }
    }
}
