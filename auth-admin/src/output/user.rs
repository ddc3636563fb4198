//! Users in tables and in JSON.

use std::time::SystemTime;

use auth_store::Account;
use serde::Serialize;

use super::{
    table::Row,
    time::{optional, or_never, rfc3339},
};

/// A user in JSON.
#[derive(Serialize)]
pub(crate) struct UserJson<'a> {
    subject: &'a str,
    name: &'a str,
    display_name: Option<&'a str>,
    email: Option<&'a str>,
    verified_email: Option<&'a str>,
    second_factor: bool,
    roles: &'a [String],
    permissions: &'a [String],
    disabled: bool,
    has_password: bool,
    password_expires_at: Option<String>,
    created_at: String,
    last_sign_in_at: Option<String>,
    /// The generated password, which is printed only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> UserJson<'a> {
    pub(crate) fn with_password(self, password: Option<&'a str>) -> Self {
        Self { password, ..self }
    }
}

impl<'a> From<&'a Account> for UserJson<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            subject: &account.subject,
            name: &account.name,
            display_name: account.display_name.as_deref(),
            email: account.email.as_deref(),
            verified_email: account.verified_email.as_deref(),
            second_factor: account.has_second_factor,
            roles: &account.roles,
            permissions: &account.permissions,
            disabled: account.disabled,
            has_password: account.has_password,
            password_expires_at: optional(account.password_expires_at),
            created_at: rfc3339(account.created_at),
            last_sign_in_at: optional(account.last_sign_in_at),
            password: None,
        }
    }
}

impl Row for Account {
    const HEADER: &'static [&'static str] =
        &["NAME", "DISPLAY NAME", "ROLES", "PERMISSIONS", "STATUS", "CREATED", "LAST SIGN-IN"];

    fn cells(&self) -> Vec<String> {
        let has_expired = self.password_expires_at.is_some_and(|end| end <= SystemTime::now());
        let status = match (self.disabled, self.has_password, has_expired) {
            (true, _, _) => "disabled",
            (false, false, _) => "no password",
            (false, true, true) => "password expired",
            (false, true, false) => "active",
        };
        vec![
            self.name.clone(),
            self.display_name.clone().unwrap_or_default(),
            self.roles.join(", "),
            self.permissions.join(", "),
            status.to_owned(),
            rfc3339(self.created_at),
            or_never(self.last_sign_in_at),
        ]
    }
}

/// Returns the rows of `user show`: a label and a value each.
pub(crate) fn facts(account: &Account) -> Vec<(&'static str, String)> {
    let password = match (account.has_password, account.password_expires_at) {
        (false, _) => "none".to_owned(),
        (true, None) => "does not expire".to_owned(),
        (true, Some(end)) if end <= SystemTime::now() => format!("expired at {}", rfc3339(end)),
        (true, Some(end)) => format!("valid until {}", rfc3339(end)),
    };
    let email = match (&account.email, &account.verified_email) {
        (None, _) => String::new(),
        (Some(email), Some(_)) => format!("{email} (verified)"),
        (Some(email), None) => format!("{email} (not verified)"),
    };
    vec![
        ("name", account.name.clone()),
        ("subject", account.subject.clone()),
        ("display name", account.display_name.clone().unwrap_or_default()),
        ("e-mail", email),
        ("roles", account.roles.join(", ")),
        ("permissions", account.permissions.join(", ")),
        ("disabled", if account.disabled { "yes" } else { "no" }.to_owned()),
        ("password", password),
        ("created", rfc3339(account.created_at)),
        ("last sign-in", or_never(account.last_sign_in_at)),
        ("two-factor", if account.has_second_factor { "yes" } else { "no" }.to_owned()),
    ]
}
