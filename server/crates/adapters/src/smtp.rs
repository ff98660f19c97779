//! Mail: over SMTP with verified TLS, or kept in a folder where a developer reads it.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::MultiPart,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

pub use lettre::message::Mailbox;

const TIMEOUT: Duration = Duration::from_secs(20);
/// How many mails the development mailbox shows.
const SHOWN_MAX: usize = 200;

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
    #[error("the mail cannot be kept: {0}")]
    NotKept(#[from] io::Error),
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Returns once the next server is responsible for the mail.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

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
        self.transport.send(message).await.map_err(|error| MailError::NotTaken(error.to_string()))?;
        Ok(())
    }
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

/// Mails as files `<id>.json`, which only their owner can read.
#[derive(Clone, Debug)]
pub struct DevelopmentMailbox {
    folder: PathBuf,
}

/// A mail as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptMail {
    pub id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl DevelopmentMailbox {
    /// The folder is made with the first mail.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The newest first, at most 200. What cannot be read is left out.
    pub fn list(&self) -> io::Result<Vec<KeptMail>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        // Names are UUIDv7: their order is that of time.
        files.sort_unstable_by(|a, b| b.cmp(a));
        let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).ok()?).ok();
        Ok(files.iter().take(SHOWN_MAX).filter_map(read).collect())
    }

    fn keep(&self, mail: &KeptMail) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.folder.join(format!("{}.json", mail.id));
        let draft = path.with_extension("new");
        let mut file = fs::File::options().create_new(true).write(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(mail)?)?;
        fs::rename(&draft, &path)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[async_trait]
impl Mailer for DevelopmentMailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let kept = KeptMail {
            id: Uuid::now_v7(),
            at: OffsetDateTime::now_utc(),
            to: mail.to.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            html: mail.html.clone(),
        };
        Ok(self.keep(&kept)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            to: "sara@example.om".to_owned(),
            subject: subject.to_owned(),
            text: "Your code: 123456".to_owned(),
            html: "<p dir=\"rtl\">مرحبا</p>".to_owned(),
        }
    }

    #[tokio::test]
    async fn kept_mails_are_private_and_come_newest_first() {
        let folder = std::env::temp_dir().join(format!("catalyst-mail-{}", Uuid::now_v7()));
        let mailbox = DevelopmentMailbox::new(&folder);
        assert!(mailbox.list().expect("an empty list").is_empty());
        for subject in ["first", "second"] {
            mailbox.send(&mail(subject)).await.expect("kept");
        }
        let mails = mailbox.list().expect("a list");
        assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["second", "first"]);
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            assert_eq!(entry.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).expect("ours");
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
