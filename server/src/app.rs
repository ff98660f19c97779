//! What lives as long as the program, whatever it was started for.

use std::sync::Arc;

use adapters::{
    events::EventStream,
    git::{GitStore, LocalGitStore},
    mail::Mailer,
    mailbox::DevelopmentMailbox,
    smtp::{Security, SmtpMailer, SmtpSettings},
};
use anyhow::{Context as _, Result};
use domain::{catalog::CatalogMemory, figures::Figures, services::Services};

use crate::{
    config::{self, Config, SmtpTls},
    database::Database,
    heartbeat::Heartbeat,
    metrics::Metrics,
    shutdown::Shutdown,
    wakeups::Wakeups,
};

/// Counting what the business earns takes at most one part of so many of the time.
const REVENUE_PARTS: u32 = 20;

/// Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub services: Arc<Services>,
    pub adapters: Adapters,
    pub wakeups: Wakeups,
    pub metrics: Metrics,
    pub heartbeat: Heartbeat,
    pub shutdown: Shutdown,
}

/// The outside world.
#[derive(Clone)]
pub struct Adapters {
    pub git: Arc<dyn GitStore>,
    /// None: nobody outside is told of events.
    pub events: Option<EventStream>,
    pub mail: Arc<dyn Mailer>,
    /// Where mails are kept instead of being sent.
    pub mailbox: Option<DevelopmentMailbox>,
}

impl App {
    /// Connects and reads the key. The database has to be prepared.
    pub async fn build(config: Config, database: &Database, shutdown: Shutdown) -> Result<Self> {
        let key = config::key::load(&config.server_key_file)?;
        let services = Services {
            pool: database.connect(config.database.connections).await?,
            key,
            sign_in_limits: config.limits.sign_in.clone(),
            voucher_limits: config.limits.vouchers.clone(),
            currency: config.currency,
            public_url: config.http.public_url.as_str().to_owned(),
            apps_domain: config.apps_domain.clone(),
            catalog: CatalogMemory::default(),
            revenue: Arc::new(Figures::one_part_of(REVENUE_PARTS)),
        };
        Ok(Self {
            adapters: adapters(&config)?,
            config: Arc::new(config),
            services: Arc::new(services),
            wakeups: Wakeups::default(),
            metrics: Metrics::default(),
            heartbeat: Heartbeat::default(),
            shutdown,
        })
    }
}

fn adapters(config: &Config) -> Result<Adapters> {
    let git = Arc::new(LocalGitStore::new(&config.git_root));
    let events = config.nats_url.clone().map(|url| EventStream::new(url, config.nats_replicas));
    let Some(smtp) = &config.mail.smtp else {
        let mailbox = DevelopmentMailbox::new(config.data_dir.join("mail"));
        return Ok(Adapters { git, events, mail: Arc::new(mailbox.clone()), mailbox: Some(mailbox) });
    };
    let settings = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.tls {
            SmtpTls::Wrapper => Security::Wrapper,
            SmtpTls::Required => Security::Required,
            SmtpTls::None => Security::None,
        },
        credentials: smtp.credentials.clone(),
        ca_file: smtp.ca_file.clone(),
        from: config.mail.from.parse().context("CATALYST_MAIL_FROM is not a sender")?,
    };
    Ok(Adapters { git, events, mail: Arc::new(SmtpMailer::new(settings)?), mailbox: None })
}
