//! Mail over SMTP with verified TLS.

use std::{fs, path::PathBuf, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::MultiPart,
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        response::{Category, Severity},
    },
};
use uuid::Uuid;

pub use lettre::message::Mailbox;

use crate::mail::{Mail, MailError, Mailer};

const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Wrapper,
    /// STARTTLS, or nothing is sent.
    Required,
    /// No TLS: only for this machine.
    None,
}

pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// A PEM file; its certificates are trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
    pub from: Mailbox,
}

pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// Connects at the first mail. Errors: a certificate file that cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, MailError> {
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::Wrapper => Tls::Wrapper(tls_parameters(&settings)?),
            Security::Required => Tls::Required(tls_parameters(&settings)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from: settings.from })
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let pem = fs::read(path)?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|error| MailError::Unwritable(format!("{}: {error}", path.display())))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| MailError::Unwritable(error.to_string()))
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = write_message(&self.from, mail)?;
        self.transport.send(message).await.map_err(not_taken)?;
        Ok(())
    }
}

/// A permanent answer about the mail is one of 550 to 559; others (a wrong password, say) end when somebody mends them.
fn not_taken(error: smtp::Error) -> MailError {
    let about_mail = error.status().is_some_and(|code| {
        code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
    });
    if about_mail { MailError::Refused(error.to_string()) } else { MailError::NotTaken(error.to_string()) }
}

fn write_message(from: &Mailbox, mail: &Mail) -> Result<Message, MailError> {
    let unwritable = |error: String| MailError::Unwritable(error);
    let to: Mailbox = mail.to.parse().map_err(|_| unwritable("the address is not one".to_owned()))?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&mail.subject)
        .message_id(Some(format!("<{}@{}>", Uuid::now_v7(), from.email.domain())))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| unwritable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            to: "sara@example.om".to_owned(),
            subject: subject.to_owned(),
            text: "Your code: 123456".to_owned(),
            html: "<p dir=\"rtl\">مرحبا</p>".to_owned(),
        }
    }

    #[test]
    fn a_message_has_both_parts_and_no_foreign_headers() {
        let from: Mailbox = "Catalyst <no-reply@example.om>".parse().expect("a mailbox");
        let message = write_message(&from, &mail("سجّل الدخول\r\nBcc: evil@example.com")).expect("a message");
        let text = String::from_utf8(message.formatted()).expect("ASCII");
        assert!(text.contains("multipart/alternative") && text.contains("Message-ID: <"));
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")), "{text}");
        let bad = Mail { to: "a@b.om, c@d.om".to_owned(), ..mail("x") };
        assert!(write_message(&from, &bad).is_err());
    }
}
