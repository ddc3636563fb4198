//! Prints a user after a change.

use auth_store::Account;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    context::Context,
    error::Failure,
    output::{UserJson, rfc3339},
};

/// Prints a changed user, with the password if it was generated.
pub(super) fn report(
    context: &mut Context<'_>,
    account: &Account,
    sentence: &str,
    generated: Option<&SecretString>,
) -> Result<(), Failure> {
    let generated = generated.map(ExposeSecret::expose_secret);
    let document = UserJson::from(account).with_password(generated);
    let Some(password) = generated else { return context.done(sentence, &document) };
    let end = account.password_expires_at.map(|end| format!(" and expires at {}", rfc3339(end))).unwrap_or_default();
    let note = format!("{sentence}; the password is shown only once{end}");
    context.done_with_secret(password, &note, &document)
}

/// Reads a user again and prints it. The sentence starts with the user.
pub(super) async fn report_change(context: &mut Context<'_>, name: &str, change: &str) -> Result<(), Failure> {
    let sentence = format!("user \"{name}\" {change}");
    let account = read_again(context, name, &sentence).await?;
    report(context, &account, &sentence, None)
}

/// Reads a user after a change. If that fails, the failure has the sentence about the change.
pub(super) async fn read_again(context: &Context<'_>, name: &str, sentence: &str) -> Result<Account, Failure> {
    let failed = |error| Failure::from(error).after(format!("{sentence}, but the user cannot be read again"));
    context.users.get(name).await.map_err(failed)
}
