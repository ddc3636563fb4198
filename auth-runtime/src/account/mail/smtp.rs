//! Mails over SMTP.

use std::{fmt, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use url::{Host, Url};

use super::{Mail, Mailer};
use crate::authenticate::Unavailable;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The reason why a mailer cannot be configured. It repeats no part of the URL but the scheme, because the URL may have
/// a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The URL is not an SMTP URL.
    #[error(
        "this is not the URL of a mail server: {0}; write `smtps://user:password@host` or `smtp://host?tls=required`"
    )]
    Url(String),
    /// The connection would not be encrypted.
    #[error("mails with links must be encrypted: write `smtps://` or `?tls=required`")]
    PlainText,
    /// The query of the URL has a repeated parameter, or one that is not supported. The text repeats no parameter,
    /// because an unescaped `?` may stand in the password.
    #[error(
        "the URL of the mail server repeats `tls` or has another parameter; write `?tls=required` once, and another `?` as \
         `%3F`"
    )]
    Parameters,
    /// The sender is not an address.
    #[error("this cannot be the sender of mails: {0}")]
    Sender(String),
}

/// Sends mails over SMTP with TLS. Each mail uses its own connection.
///
/// ```
/// use auth_runtime::account::SmtpMailer;
///
/// // The URL is a secret: from the environment, and not in the source.
/// let mailer = SmtpMailer::new("smtps://user:password@smtp.example.com", "Entry book <no-reply@example.com>")?;
/// assert!(SmtpMailer::new("smtp://smtp.example.com", "no-reply@example.com").is_err());
/// // A relay on the same machine:
/// assert!(SmtpMailer::new("smtp://localhost:25", "no-reply@example.com").is_ok());
/// # Ok::<(), auth_runtime::account::SmtpError>(())
/// ```
///
/// | URL | connection |
/// |---|---|
/// | `smtps://user:password@host` | TLS from the start (RFC 8314), port 465 |
/// | `smtp://user:password@host?tls=required` | mandatory STARTTLS, port 587 |
/// | `smtp://localhost:25` | without TLS, on the loopback interface only |
///
/// A second `tls`, and any other parameter, is refused.
///
/// If the server does not respond within 30 s, or defers the mail, the attempt fails.
/// [`SelfService`](crate::account::SelfService) tries twice again within about 5 seconds, and then the mail is lost.
/// Therefore use a relay that queues mails.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
}

impl SmtpMailer {
    /// Returns a mailer for the server at this URL. The sender is `Name <address>`, or an address.
    ///
    /// # Errors
    /// [`SmtpError`] if the URL or the sender is not accepted.
    pub fn new(url: &str, sender: &str) -> Result<Self, SmtpError> {
        check_encryption(url)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let transport = transport.map_err(|_| SmtpError::Url("it has a part that is not supported".to_owned()))?;
        let sender =
            sender.parse().map_err(|error: lettre::address::AddressError| SmtpError::Sender(error.to_string()))?;
        Ok(Self { transport: transport.timeout(Some(TIMEOUT)).build(), sender })
    }

    fn message(&self, mail: &Mail) -> Result<Message, Unavailable> {
        let to = mail.to().as_str().parse().map_err(|error| Unavailable::new(format!("address refused: {error}")))?;
        Message::builder()
            .from(self.sender.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject())
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body().to_owned())
            .map_err(Unavailable::new)
    }
}

impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        let message = self.message(&mail)?;
        self.transport.send(message).await.map(drop).map_err(Unavailable::new)
    }
}

/// Refuses a connection that others could read.
fn check_encryption(url: &str) -> Result<(), SmtpError> {
    // The error of the parser may quote the password.
    let url = Url::parse(url).map_err(|_| SmtpError::Url("it cannot be read".to_owned()))?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name == "127.0.0.1" || name == "[::1]",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(SmtpError::Url("it has no host".to_owned())),
    };
    let tls = tls_parameter(&url)?;
    match url.scheme() {
        "smtps" => Ok(()),
        "smtp" if is_local || tls.as_deref() == Some("required") => Ok(()),
        "smtp" => Err(SmtpError::PlainText),
        scheme => Err(SmtpError::Url(format!("its scheme is {scheme:?}"))),
    }
}

/// Returns the value of `tls`. Of several, `lettre` uses the first, and it ignores parameters that it does not know.
fn tls_parameter(url: &Url) -> Result<Option<String>, SmtpError> {
    let mut parameters = url.query_pairs();
    match (parameters.next(), parameters.next()) {
        (None, _) => Ok(None),
        (Some((name, value)), None) if name == "tls" => Ok(Some(value.into_owned())),
        _ => Err(SmtpError::Parameters),
    }
}

/// Shows the sender, and nothing of the server's credentials.
impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("sender", &self.sender.to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{SmtpError, SmtpMailer};

    #[test]
    fn a_connection_without_tls_is_refused_elsewhere() {
        let new = |url| SmtpMailer::new(url, "no-reply@example.com").map(drop);
        for good in [
            "smtps://u:p@host",
            "smtp://u:p@host?tls=required",
            "smtp://localhost",
            "smtp://127.0.0.1:2525",
            "smtp://[::1]",
        ] {
            assert_eq!(new(good), Ok(()), "{good}");
        }
        for bad in ["smtp://host", "smtp://host?tls=opportunistic", "smtp://127.0.0.1.example.com"] {
            assert_eq!(new(bad), Err(SmtpError::PlainText), "{bad}");
        }
    }

    #[test]
    fn a_repeated_or_unknown_parameter_is_refused() {
        for query in [
            "tls=opportunistic&tls=required",
            "tls=required&tls=opportunistic",
            "tls=required&tls=required",
            "%74ls=opportunistic&tls=required",
            "tls=required&starttls=false",
            "TLS=required",
            "timeout=5",
        ] {
            for server in ["smtp://u:p@host", "smtps://u:p@host", "smtp://localhost"] {
                let made = SmtpMailer::new(&format!("{server}?{query}"), "no-reply@example.com");
                assert_eq!(made.map(drop), Err(SmtpError::Parameters), "{server} {query}");
            }
        }
    }

    #[test]
    fn errors_hold_no_password() {
        for (url, sender) in [
            ("smtps://u:geheim@", "a@b"),
            ("http://u:geheim@host", "a@b"),
            ("u:geheim", "a@b"),
            ("smtps://u:geheim@host?tls=required&tls=required", "a@b"),
            ("smtps://u:25?geheim@host", "a@b"),
            ("smtps://u:geheim@host", "a b"),
        ] {
            let error = SmtpMailer::new(url, sender).unwrap_err();
            assert!(!error.to_string().contains("geheim") && !format!("{error:?}").contains("geheim"), "{error}");
        }
        let mailer = SmtpMailer::new("smtps://u:geheim@host", "Book <a@b.example>").unwrap();
        assert!(!format!("{mailer:?}").contains("geheim"));
    }
}
