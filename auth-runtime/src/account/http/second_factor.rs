//! `second-factor`: enrolment of an authenticator app, recovery codes, and removal.

use poem::{Request, Response};
use serde_json::json;

use super::{
    error::HttpError,
    fields::read_fields,
    page::{Field, Page, escape},
    response::{done, wants_page},
    routes::{Caller, own_origin},
};
use crate::{
    account::{
        AccountError, AccountStore, Enrolment, OneTimeTokenStore, RecoveryCodes, SecondFactorStore, SelfService,
    },
    client_ip::ClientAddress,
};

impl<S: AccountStore + OneTimeTokenStore + SecondFactorStore> SelfService<S> {
    pub(super) async fn second_factor(self, request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        match self.recovery_codes_left(&caller.subject).await {
            Ok(left) => {
                let json = json!({ "active": left.is_some(), "recovery_codes": left.unwrap_or_default() });
                done(wants_page, || self.second_factor_page(left, None), &json)
            }
            Err(error) => HttpError::from(error).response(wants_page, |text| self.second_factor_page(None, Some(text))),
        }
    }

    fn second_factor_page(&self, left: Option<usize>, error: Option<&str>) -> Page {
        let page = Page::new(&self.0.application, "Second factor").alert_if(error);
        let Some(left) = left else {
            let page = page.text("With a second factor, a sign-in needs a code of an app on your phone.");
            return page.form("second-factor/enrolment", &[], "Set up an app");
        };
        let code = |id, label| [Field::Code { id, label, is_wrong: false }];
        let page = page.text(&format!("Your sign-ins need a code. You have {left} recovery codes."));
        let page =
            page.form("second-factor/recovery-codes", &code("code", "Code of the app"), "Make new recovery codes");
        page.form(
            "second-factor/removal",
            &code("removal", "Code of the app, to remove it"),
            "Remove the second factor",
        )
    }

    pub(super) async fn enrol(self, request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let begun = async {
            own_origin(&request)?;
            Ok(self.begin_enrolment(&caller.subject).await?)
        };
        match begun.await {
            Ok(enrolment) => self.enrolment_response(wants_page, &enrolment),
            Err(error) => HttpError::response(&error, wants_page, |text| self.second_factor_page(None, Some(text))),
        }
    }

    fn enrolment_response(&self, wants_page: bool, enrolment: &Enrolment) -> Response {
        match enrolment.qr_code() {
            Ok(qr_code) => {
                let json = json!({ "secret": enrolment.secret(), "uri": enrolment.uri(), "qr_code": qr_code });
                done(wants_page, || self.enrolment_page(enrolment, &qr_code, None), &json)
            }
            Err(error) => HttpError::Account(AccountError::Unavailable(error))
                .response(wants_page, |text| self.second_factor_page(None, Some(text))),
        }
    }

    /// The form posts to a page beside `enrolment`.
    fn enrolment_page(&self, enrolment: &Enrolment, qr_code: &str, error: Option<&str>) -> Page {
        let code = Field::Code { id: "code", label: "Code of the app", is_wrong: error.is_some() };
        let (secret, uri) = (escape(enrolment.secret()), escape(enrolment.uri()));
        let page = Page::new(&self.0.application, "Set up an app").alert_if(error);
        let page = page.text("Scan this code with an authenticator app, and enter the six digits that it shows.");
        let page = page.html(qr_code).html(&format!("<p>Or enter this secret: <code>{secret}</code></p>"));
        page.html(&format!("<p><a href=\"{uri}\">Open an app on this device</a></p>")).form(
            "confirmation",
            &[code],
            "Confirm",
        )
    }

    pub(super) async fn confirm(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let confirmed = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.confirm_enrolment(ClientAddress::of(&request), &caller.subject, fields.get("code")).await?)
        };
        match confirmed.await {
            Ok(codes) => self.recovery_codes_response(wants_page, &codes),
            Err(error) => self.confirm_again(wants_page, &caller, &error).await,
        }
    }

    /// Shows the enrolment again, if there is one.
    async fn confirm_again(&self, wants_page: bool, caller: &Caller, error: &HttpError) -> Response {
        let enrolment = if wants_page { self.enrolment(&caller.subject).await.ok().flatten() } else { None };
        let shown = enrolment.and_then(|enrolment| enrolment.qr_code().ok().map(|qr_code| (enrolment, qr_code)));
        error.response(wants_page, |text| match &shown {
            Some((enrolment, qr_code)) => self.enrolment_page(enrolment, qr_code, Some(text)),
            None => self.second_factor_page(None, Some(text)),
        })
    }

    fn recovery_codes_response(&self, wants_page: bool, codes: &RecoveryCodes) -> Response {
        let page = || {
            let items: Vec<String> =
                codes.iter().map(|code| format!("<li><code>{}</code></li>", escape(code))).collect();
            let page = Page::new(&self.0.application, "Your recovery codes");
            let page = page.text("Keep these codes where you find them without your phone. Each is valid once.");
            page.html(&format!("<ul>{}</ul>", items.concat()))
                .text("They are not shown again. Sign in again with a code of the app.")
        };
        done(wants_page, page, &json!({ "recovery_codes": codes.iter().collect::<Vec<_>>() }))
    }

    pub(super) async fn renew_codes(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let renewed = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.new_recovery_codes(ClientAddress::of(&request), &caller.subject, fields.get("code")).await?)
        };
        match renewed.await {
            Ok(codes) => self.recovery_codes_response(wants_page, &codes),
            Err(error) => self.refused(wants_page, &error),
        }
    }

    pub(super) async fn remove(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let removed = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.remove_second_factor(ClientAddress::of(&request), &caller.subject, fields.get("code")).await?)
        };
        match removed.await {
            Ok(()) => {
                let text = "The second factor was removed. Sign in again.";
                let page = || Page::new(&self.0.application, "Second factor").text(text);
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => self.refused(wants_page, &error),
        }
    }

    fn refused(&self, wants_page: bool, error: &HttpError) -> Response {
        error.response(wants_page, |text| {
            let page = Page::new(&self.0.application, "This did not work").alert(text);
            page.html("<p><a href=\"../second-factor\">Back</a></p>")
        })
    }
}
