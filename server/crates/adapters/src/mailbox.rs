//! The development mailbox: mails in a folder, where a developer reads them.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::mail::{Mail, MailError, Mailer};

/// How many mails are shown.
const SHOWN_MAX: usize = 200;

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
}
