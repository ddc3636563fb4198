//! `second-factor`: enrolment of an authenticator app, recovery codes, and removal.

use maud::{PreEscaped, html};
use poem::{Request, Response};
use serde_json::json;

use super::{
    error::HttpError,
    fields::read_fields,
    page::{Field, Page},
    response::{done, wants_page},
    routes::{Caller, own_origin},
};
use crate::{
    account::{AccountError, AccountStore, Enrolment, RecoveryCodes, SecondFactorStore, SelfService},
    client_ip::ClientAddress,
};

/// The address of the page.
const HERE: &str = "second-factor";

/// The form whose last code was not accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Renewal,
    Removal,
}

impl<S: AccountStore + SecondFactorStore> SelfService<S> {
    pub(super) async fn second_factor(self, request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        match self.recovery_codes_left(&caller.subject).await {
            Ok(Some(left)) => {
                let json = json!({ "active": true, "recovery_codes": left });
                done(wants_page, || active_page(self.page("Second factor"), left, None), &json)
            }
            Ok(None) => done(wants_page, || self.set_up_page(None), &json!({ "active": false, "recovery_codes": 0 })),
            Err(error) => HttpError::from(error).response(wants_page, |text| self.failed_page(text)),
        }
    }

    fn page(&self, title: &'static str) -> Page {
        Page::new(&self.0.site, title)
    }

    fn set_up_page(&self, error: Option<&str>) -> Page {
        let page = self.page("Second factor").alert_if(error);
        let page = page.text("With a second factor, you sign in with a password and a code from an app on your phone.");
        page.form("second-factor/enrolment", &[], "Set up an app").user_links(HERE)
    }

    fn failed_page(&self, text: &str) -> Page {
        self.page("Second factor").alert(text).user_links("")
    }

    pub(super) async fn enrol(self, request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let begun = async {
            own_origin(&request)?;
            Ok(self.begin_enrolment(&caller.subject).await?)
        };
        match begun.await {
            Ok(enrolment) => self.enrolment_response(wants_page, &enrolment),
            Err(error) => HttpError::response(&error, wants_page, |text| self.failed_page(text).below()),
        }
    }

    fn enrolment_response(&self, wants_page: bool, enrolment: &Enrolment) -> Response {
        match enrolment.qr_code() {
            Ok(qr_code) => {
                let json = json!({ "secret": enrolment.secret(), "uri": enrolment.uri(), "qr_code": qr_code });
                done(wants_page, || self.enrolment_page(enrolment, &qr_code, None), &json)
            }
            Err(error) => HttpError::Account(AccountError::Unavailable(error))
                .response(wants_page, |text| self.failed_page(text).below()),
        }
    }

    fn enrolment_page(&self, enrolment: &Enrolment, qr_code: &str, error: Option<&str>) -> Page {
        let code = Field::Code { id: "code", label: "Code from the app", error };
        let page = self.page("Set up an app").below();
        let page = page.text("Scan this code with an authenticator app, and enter the six digits that it shows.");
        let page = page.markup(html! {
            (PreEscaped(qr_code))
            p { "If you cannot scan it, type this secret into the app: " code { (enrolment.secret()) } }
            p { a href=(enrolment.uri()) { "Open an app on this device" } }
        });
        page.form("second-factor/confirmation", &[code], "Confirm").user_links("")
    }

    pub(super) async fn confirm(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let confirmed = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.confirm_enrolment(ClientAddress::of(&request), &caller.subject, fields.get("code")).await?)
        };
        match confirmed.await {
            Ok(codes) => {
                let page = || codes_page(self.page("Your recovery codes"), &codes);
                let then = "Your sessions have ended. Sign in again with a code of the app.";
                codes_response(wants_page, || page().text(then).sign_in_link(), &codes)
            }
            Err(error) => self.confirm_again(wants_page, &caller, &error).await,
        }
    }

    /// Shows the enrolment again, if there is one.
    async fn confirm_again(&self, wants_page: bool, caller: &Caller, error: &HttpError) -> Response {
        let enrolment = if wants_page { self.enrolment(&caller.subject).await.ok().flatten() } else { None };
        let shown = enrolment.and_then(|enrolment| enrolment.qr_code().ok().map(|qr_code| (enrolment, qr_code)));
        error.response(wants_page, |text| match &shown {
            Some((enrolment, qr_code)) => self.enrolment_page(enrolment, qr_code, Some(text)),
            None => self.failed_page(text).below(),
        })
    }

    pub(super) async fn renew_codes(self, mut request: Request, caller: Caller) -> Response {
        let wants_page = wants_page(&request);
        let renewed = async {
            own_origin(&request)?;
            let fields = read_fields(&mut request).await?;
            Ok(self.new_recovery_codes(ClientAddress::of(&request), &caller.subject, fields.get("code")).await?)
        };
        match renewed.await {
            Ok(codes) => {
                let page = || codes_page(self.page("Your recovery codes"), &codes);
                codes_response(
                    wants_page,
                    || page().text("The former codes are not valid any more.").user_links(""),
                    &codes,
                )
            }
            Err(error) => self.refused(wants_page, &caller, Form::Renewal, &error).await,
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
                let page = || self.page("Second factor").below().text(text).sign_in_link();
                done(wants_page, page, &json!({ "detail": text }))
            }
            Err(error) => self.refused(wants_page, &caller, Form::Removal, &error).await,
        }
    }

    /// Shows the page again, with the error at the form.
    async fn refused(&self, wants_page: bool, caller: &Caller, form: Form, error: &HttpError) -> Response {
        let left = if wants_page { self.recovery_codes_left(&caller.subject).await.ok().flatten() } else { None };
        error.response(wants_page, |text| match left {
            Some(left) => active_page(self.page("Second factor").below(), left, Some((form, text))),
            None => self.failed_page(text).below(),
        })
    }
}

/// Fills the page of a user who has a second factor.
fn active_page(page: Page, left: usize, error: Option<(Form, &str)>) -> Page {
    let error_of = |form| error.filter(|(wrong, _)| *wrong == form).map(|(_, text)| text);
    let codes = if left == 1 { "recovery code" } else { "recovery codes" };
    let page = page.text(&format!("You need a code from your app to sign in. You have {left} {codes}."));
    let code = Field::Code { id: "renewal", label: "Code from the app", error: error_of(Form::Renewal) };
    let page = page.heading("New recovery codes");
    let page = page.form("second-factor/recovery-codes", &[code], "Make new recovery codes");
    let code = Field::Code {
        id: "removal",
        label: "Code from the app, to remove the second factor",
        error: error_of(Form::Removal),
    };
    let page = page.heading("Remove the second factor");
    page.form("second-factor/removal", &[code], "Remove the second factor").user_links(HERE)
}

fn codes_page(page: Page, codes: &RecoveryCodes) -> Page {
    let page = page.below().text(
        "If you lose your phone, sign in with one of these codes. Each works once. Keep them in a place that you can \
         reach without the phone.",
    );
    let list = html! { ul.codes { @for code in codes.iter() { li { code { (code) } } } } };
    page.markup(list).text("They are not shown again.")
}

fn codes_response(wants_page: bool, page: impl FnOnce() -> Page, codes: &RecoveryCodes) -> Response {
    done(wants_page, page, &json!({ "recovery_codes": codes.iter().collect::<Vec<_>>() }))
}
