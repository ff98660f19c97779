//! How mail leaves: by SMTP, or into the development mailbox.

use std::{borrow::Cow, fmt, path::PathBuf};

use percent_encoding::percent_decode_str;

use super::{
    Audience,
    http::{Http, is_loopback},
    reader::{Reader, Variable, variable},
};

const SMTP_URL: Variable = variable(
    "CATALYST_SMTP_URL",
    "smtps://user:password@host:465, or smtp://user:password@host:587?tls=required; smtp:// alone only to this machine",
    "smtps://catalyst:secret@mail.example.om:465",
);
const CA_FILE: Variable = variable(
    "CATALYST_SMTP_CA_FILE",
    "a PEM file with a certificate authority that is trusted besides the public ones",
    "/etc/catalyst/mail-ca.pem",
);
const FROM: Variable =
    variable("CATALYST_MAIL_FROM", "the sender of every mail", "Catalyst <no-reply@example.om>");

#[derive(Clone, Debug)]
pub struct Mail {
    /// None: the development mailbox.
    pub smtp: Option<Smtp>,
    pub from: String,
}

#[derive(Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// User and password.
    pub credentials: Option<(String, String)>,
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte.
    Wrapper,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// Only to this machine.
    None,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

pub(super) fn read(audience: Audience, reader: &mut Reader<'_>, http: &Http) -> Mail {
    let ca_file = reader.maybe(CA_FILE, |text| {
        let path = PathBuf::from(text);
        path.is_file().then_some(path)
    });
    let wanted = reader.text(SMTP_URL).is_some();
    let smtp = reader.maybe(SMTP_URL, parse_smtp).map(|smtp| Smtp { ca_file, ..smtp });
    let reached = http.public_url.is_https() || !http.public_url.is_loopback();
    if audience == Audience::People && !wanted && reached {
        // Whoever reads the development mailbox can sign in as anybody.
        reader.refuse(SMTP_URL, "a mail server, because CATALYST_PUBLIC_URL is not http:// on this machine");
    }
    let host = http.public_url.host();
    let domain =
        if host.contains('.') && host.contains(char::is_alphabetic) { host } else { "catalyst.test" };
    let from = reader.or(FROM, format!("Catalyst <no-reply@{domain}>"), |text| {
        text.parse::<adapters::smtp::Mailbox>().ok().map(|_| text.to_owned())
    });
    Mail { smtp, from }
}

fn parse_smtp(text: &str) -> Option<Smtp> {
    let uri: http::Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    let (credentials, _) = authority.as_str().rsplit_once('@').unwrap_or_default();
    let credentials = match credentials.split_once(':') {
        Some((user, password)) => Some((decode(user)?, decode(password)?)),
        None if credentials.is_empty() => None,
        None => return None,
    };
    let host = authority.host().to_owned();
    let (tls, port) = match (uri.scheme_str()?, uri.query()) {
        ("smtps", None) => (SmtpTls::Wrapper, 465),
        ("smtp", Some("tls=required")) => (SmtpTls::Required, 587),
        ("smtp", None) if is_loopback(&host) => (SmtpTls::None, 25),
        _ => return None,
    };
    let port = authority.port_u16().unwrap_or(port);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Smtp { host, port, tls, credentials, ca_file: None })
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_leaves_only_over_verified_tls_except_to_this_machine() {
        let smtps =
            parse_smtp("smtps://a%40b.om:p%3Ass@mail.example.om").map(|s| (s.tls, s.port, s.credentials));
        assert_eq!(smtps, Some((SmtpTls::Wrapper, 465, Some(("a@b.om".to_owned(), "p:ss".to_owned())))));
        let starttls = parse_smtp("smtp://mail.example.om?tls=required").map(|s| (s.tls, s.port));
        assert_eq!(starttls, Some((SmtpTls::Required, 587)));
        let local = parse_smtp("smtp://127.0.0.1:2525").map(|s| (s.tls, s.port, s.host));
        assert_eq!(local, Some((SmtpTls::None, 2525, "127.0.0.1".to_owned())));
        for bad in [
            "smtp://mail.example.om",
            "smtp://mail.example.om?tls=opportunistic",
            "http://x",
            "smtps://user@x",
        ] {
            assert!(parse_smtp(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_in_no_debug_output() {
        let smtp = parse_smtp("smtps://user:hunter2@mail.example.om");
        assert!(!format!("{smtp:?}").contains("hunter2"));
    }
}
