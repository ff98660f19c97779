//! Mails, and whoever sends them.

use std::io;

use async_trait::async_trait;

/// One mail to one address. Holds sign-in links and codes, so it is not printed.
#[derive(Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What went wrong, without the mail's content and without credentials.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail cannot be written: {0}")]
    Unwritable(String),
    #[error("the mail server did not take the mail: {0}")]
    NotTaken(String),
    /// It never will: there is no such mailbox, say.
    #[error("the mail server refuses the mail: {0}")]
    Refused(String),
    #[error("the mail cannot be kept: {0}")]
    NotKept(#[from] io::Error),
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Returns once the next server is responsible for the mail.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
