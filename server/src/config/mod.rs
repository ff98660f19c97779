//! The settings: one struct a concern, from environment variables `CATALYST_…`. Everything that is
//! wrong is told at once, with the variable's name, what it expects and an example.
//! `.env.example` describes every variable; a test compares it with what is read here.

use std::path::{Path, PathBuf};

use adapters::events::NatsUrl;
use domain::money::Currency;

mod database;
mod http;
pub mod key;
mod limits;
mod log;
mod mail;
mod reader;

pub use self::{
    database::Database,
    http::{Http, PublicUrl},
    limits::Limits,
    log::Log,
    mail::{Mail, Smtp, SmtpTls},
    reader::{Problem, Problems},
};
use reader::{Reader, Variable, variable};

const DATA_DIR: Variable =
    variable("CATALYST_DATA_DIR", "a folder that this server may write to", "/var/lib/catalyst");
const SERVER_KEY_FILE: Variable = variable(
    "CATALYST_SERVER_KEY_FILE",
    "a file with 64 hexadecimal digits, readable by its owner only",
    "/run/secrets/catalyst-server-key",
);
const GIT_ROOT: Variable =
    variable("CATALYST_GIT_ROOT", "a folder for the Applications' repositories", "/var/lib/catalyst/git");
const APPS_DOMAIN: Variable = variable(
    "CATALYST_APPS_DOMAIN",
    "the lower-case domain under which Organizations' hosts are",
    "apps.example.om",
);
const CURRENCY: Variable = variable("CATALYST_CURRENCY", "the ISO 4217 code that prices are in", "OMR");
const INFRA_DIR: Variable = variable(
    "CATALYST_INFRA_DIR",
    "the folder with clusters/_template and versions.yaml",
    "/usr/share/catalyst/infra",
);
const NATS_URL: Variable = variable(
    "CATALYST_NATS_URL",
    "nats://user:password@host:4222, or tls:// instead: a server with JetStream that is told of events",
    "nats://nats.example.om:4222",
);
const NATS_REPLICAS: Variable =
    variable("CATALYST_NATS_REPLICAS", "how many of NATS' servers keep each event, from 1 to 5", "3");
const WORKER: Variable = variable("CATALYST_WORKER", "on or off: whether serve also runs jobs", "on");

#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub mail: Mail,
    pub limits: Limits,
    pub log: Log,
    pub data_dir: PathBuf,
    pub server_key_file: PathBuf,
    pub git_root: PathBuf,
    pub apps_domain: String,
    pub currency: Currency,
    /// The tree's template and the version lock.
    pub infra_dir: PathBuf,
    /// JetStream, which is told of events. May hold a password.
    pub nats_url: Option<NatsUrl>,
    pub nats_replicas: usize,
    /// `serve` runs jobs as well.
    pub worker: bool,
}

/// Whom a command meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Links and mails lead people back: their address is said, and mail can leave.
    People,
    /// The database and files alone.
    Nobody,
}

impl Config {
    pub fn from_env(audience: Audience) -> Result<Self, Problems> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        Self::from_source(audience, &|name| std::env::var(name).ok(), names)
    }

    /// `catalyst cluster` needs this alone, wherever it runs: in the image as well, where a server would have to be
    /// told its address first.
    pub fn infra_dir_from_env() -> PathBuf {
        infra_dir(&mut Reader::new(&|name| std::env::var(name).ok()))
    }

    /// For people, from pairs of names and values; what is not among them has its default.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Result<Self, Problems> {
        let value = |name: &str| {
            pairs.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Self::from_source(Audience::People, &value, pairs.iter().map(|(name, _)| (*name).to_owned()))
    }

    fn from_source(
        audience: Audience,
        source: &dyn Fn(&str) -> Option<String>,
        names: impl Iterator<Item = String>,
    ) -> Result<Self, Problems> {
        let mut reader = Reader::new(source);
        let config = Self::read(audience, &mut reader);
        // Other names are left alone: Kubernetes gives a pod some of its own, such as CATALYST_SERVICE_HOST.
        reader.no_others("CATALYST_LIMIT_", names);
        reader.finish().map(|_| config)
    }

    fn read(audience: Audience, reader: &mut Reader<'_>) -> Self {
        let http = http::read(audience, reader);
        let mail = mail::read(audience, reader, &http);
        let data_dir = reader.text(DATA_DIR).map_or_else(|| PathBuf::from(".data"), PathBuf::from);
        let below = |name: &str| -> PathBuf { Path::new(&data_dir).join(name) };
        Self {
            server_key_file: reader.text(SERVER_KEY_FILE).map_or_else(|| below("server.key"), PathBuf::from),
            git_root: reader.text(GIT_ROOT).map_or_else(|| below("git"), PathBuf::from),
            database: database::read(reader),
            limits: limits::read(reader),
            log: log::read(reader),
            apps_domain: reader.or(APPS_DOMAIN, "apps.localhost".to_owned(), parse_domain),
            currency: reader.or(CURRENCY, Currency::OMR, |text| Currency::parse(text).ok()),
            infra_dir: infra_dir(reader),
            nats_url: reader.maybe(NATS_URL, |text| text.parse().ok()),
            nats_replicas: reader
                .or(NATS_REPLICAS, 1, |text| text.parse().ok().filter(|count| (1..=5).contains(count))),
            worker: reader.or(WORKER, true, parse_switch),
            http,
            mail,
            data_dir,
        }
    }
}

fn infra_dir(reader: &mut Reader<'_>) -> PathBuf {
    reader.text(INFRA_DIR).map_or_else(|| PathBuf::from("infra"), PathBuf::from)
}

fn parse_switch(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn parse_domain(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 120 && text.split('.').all(label)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENV_EXAMPLE: &str = include_str!("../../../.env.example");

    fn problems(pairs: &[(&str, &str)]) -> String {
        Config::from_pairs(pairs).err().map(|problems| problems.to_string()).unwrap_or_default()
    }

    #[test]
    fn nothing_has_to_be_set_on_a_developers_machine() {
        let config = Config::from_pairs(&[]).expect("defaults");
        assert_eq!(config.http.public_url.as_str(), "http://127.0.0.1:3000");
        assert!(config.mail.smtp.is_none() && config.database.url.is_none() && config.worker);
        assert_eq!(config.server_key_file, PathBuf::from(".data/server.key"));
        assert_eq!(config.limits.vouchers.previews_per_ip, domain::limits::Limit::new(30, 60));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_an_example() {
        let text = problems(&[
            ("CATALYST_LISTEN", "everywhere"),
            ("CATALYST_CURRENCY", "XXX"),
            ("CATALYST_LIMIT_PREVIEWS_PER_IP", "many"),
            ("CATALYST_DATABASE_URL", "mysql://root:hunter2@db"),
        ]);
        for name in [
            "CATALYST_LISTEN",
            "CATALYST_CURRENCY",
            "CATALYST_LIMIT_PREVIEWS_PER_IP",
            "CATALYST_DATABASE_URL",
        ] {
            assert!(text.contains(&format!("{name} cannot be used. It expects")), "{text}");
            assert!(text.contains(&format!("Example: {name}=")), "{text}");
        }
        assert!(!text.contains("hunter2"), "values are not printed: {text}");
    }

    #[test]
    fn the_development_mailbox_is_for_this_machine_only() {
        for elsewhere in ["https://shop.example.om", "http://shop.example.om", "https://127.0.0.1:3000"] {
            let text = problems(&[("CATALYST_PUBLIC_URL", elsewhere)]);
            assert!(text.contains("CATALYST_SMTP_URL is missing"), "{elsewhere}: {text}");
        }
        let smtp = ("CATALYST_SMTP_URL", "smtps://a:b@mail.example.om");
        assert!(Config::from_pairs(&[("CATALYST_PUBLIC_URL", "https://shop.example.om"), smtp]).is_ok());
    }

    #[test]
    fn a_misspelt_limit_is_told() {
        let text = problems(&[("CATALYST_LIMIT_TRIES_PER_IP", "off"), ("CATALYST_SERVICE_HOST", "10.0.0.1")]);
        assert_eq!(text, "CATALYST_LIMIT_TRIES_PER_IP is no setting. .env.example lists those that are.");
    }

    #[test]
    fn who_listens_to_the_world_says_under_which_name() {
        let text = problems(&[("CATALYST_LISTEN", "0.0.0.0:80")]);
        assert!(text.contains("CATALYST_PUBLIC_URL is missing"), "{text}");
    }

    #[test]
    fn a_command_that_meets_nobody_needs_no_name_and_no_mail() {
        let listens = |name: &str| (name == "CATALYST_LISTEN").then(|| "0.0.0.0:80".to_owned());
        assert!(Config::from_source(Audience::Nobody, &listens, std::iter::empty()).is_ok());
        let wrong = |name: &str| (name == "CATALYST_PUBLIC_URL").then(|| "shop".to_owned());
        assert!(Config::from_source(Audience::Nobody, &wrong, std::iter::empty()).is_err());
    }

    #[test]
    fn the_example_file_and_the_settings_are_the_same() {
        let described: Vec<(&str, &str)> = ENV_EXAMPLE
            .lines()
            .filter_map(|line| line.trim_start_matches('#').trim_start().split_once('='))
            .filter(|(name, _)| name.starts_with("CATALYST_") && !name.contains(' '))
            .collect();
        let mut reader = Reader::new(&|_| None);
        Config::read(Audience::People, &mut reader);
        let mut read = reader.finish().expect("defaults");
        read.sort_unstable();
        read.dedup();
        let mut names: Vec<_> = described.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(names, read);
        // What the file shows as examples is accepted, but for files that are not on this machine.
        let values: Vec<_> = described
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && *name != "CATALYST_SMTP_CA_FILE")
            .collect();
        assert_eq!(problems(&values), "");
    }
}
