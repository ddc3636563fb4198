//! Sending mails.

use std::{future::Future, pin::Pin, sync::Arc};

use super::Mail;
use crate::authenticate::Unavailable;

/// Sends mails.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use auth_runtime::{account::{Mail, Mailer}, authenticate::Unavailable};
///
/// /// Collects the mails, for a test.
/// #[derive(Clone, Default)]
/// struct Sent(Arc<Mutex<Vec<Mail>>>);
///
/// impl Mailer for Sent {
///     async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
///         self.0.lock().map_err(|error| Unavailable::new(error.to_string()))?.push(mail);
///         Ok(())
///     }
/// }
/// ```
///
/// Do not log the body: it contains links with tokens.
pub trait Mailer: Send + Sync + 'static {
    /// Sends a mail, or hands it to a queue that outlives the process.
    ///
    /// It runs in its own task, and no response waits for it. After a failure, it is called again after 1 and after 4
    /// more seconds. The last failure is logged as an error.
    ///
    /// # Errors
    /// [`Unavailable`] if the mail was not accepted.
    fn send(&self, mail: Mail) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

impl<M: Mailer> Mailer for Arc<M> {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        M::send(self, mail).await
    }
}

/// Prints mails to the standard output, for a developer's machine. The terminal then shows valid links.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrintMailer;

impl Mailer for PrintMailer {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        println!("Mail to {}\nSubject: {}\n\n{}\n", mail.to(), mail.subject(), mail.body());
        Ok(())
    }
}

type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Unavailable>> + Send + 'a>>;

/// A [`Mailer`] of any type.
pub(in super::super) trait AnyMailer: Send + Sync {
    fn send_boxed(&self, mail: Mail) -> SendFuture<'_>;
}

impl<M: Mailer> AnyMailer for M {
    fn send_boxed(&self, mail: Mail) -> SendFuture<'_> {
        Box::pin(self.send(mail))
    }
}
