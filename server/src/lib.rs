//! Everything that touches the world: settings, HTTP, sign-in, jobs. What the product is about is in
//! `domain`, its pages are in `app`.

use std::{path::PathBuf, sync::Arc};

use adapters::{
    events::EventStream,
    git::GitStore,
    smtp::{DevelopmentMailbox, Mailer, Security, SmtpMailer, SmtpSettings},
};
use anyhow::{Context as _, Result};
use leptos::config::LeptosOptions;
use tokio::sync::watch;
use ui::server::{Assets, CatalogMemory, Services};

pub mod auth;
pub mod backup;
pub mod commands;
pub mod config;
pub mod database;
pub mod development;
pub mod files;
pub mod forms;
pub mod http;
pub mod jobs;
pub mod kept;
pub mod live;
pub mod metrics;
pub mod pages;
pub mod rest;
pub mod router;
pub mod traces;
pub mod wakeups;

pub use config::Config;
pub use router::router;

use self::{
    config::SmtpTls, database::Database, http::session::Store, jobs::Heartbeat, kept::Kept, live::Rooms,
    metrics::Metrics, wakeups::Wakeups,
};

/// What lives as long as the program. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub services: Arc<Services>,
    pub adapters: Adapters,
    pub wakeups: Wakeups,
    pub rooms: Rooms,
    pub kept: Kept,
    pub sessions: Store,
    pub leptos: LeptosOptions,
    pub metrics: Metrics,
    pub heartbeat: Heartbeat,
    /// Becomes true when the program is to end: streams close, and no job is begun.
    pub ending: watch::Receiver<bool>,
}

/// The outside world.
#[derive(Clone)]
pub struct Adapters {
    pub git: GitStore,
    /// None: nobody outside is told of events.
    pub events: Option<EventStream>,
    pub mail: Arc<dyn Mailer>,
    /// Where mails are kept instead of being sent.
    pub mailbox: Option<DevelopmentMailbox>,
}

impl App {
    /// Connects and reads keys and file names. The database has to be prepared.
    pub async fn build(config: Config, database: &Database, ending: watch::Receiver<bool>) -> Result<Self> {
        // Pages wait for their data on this runtime; a second call in the same program changes nothing.
        let _ = any_spawner::Executor::init_tokio();
        let key = config::key::load(&config.server_key_file)?;
        let pool = database.connect(config.database.connections).await?;
        let adapters = adapters(&config)?;
        let (leptos, assets) = site(&config)?;
        let sessions = Store::new(pool.clone(), key.clone(), config.limits.sessions);
        let services = Services {
            pool,
            key,
            sign_in_limits: config.limits.sign_in.clone(),
            voucher_limits: config.limits.vouchers.clone(),
            currency: config.currency,
            public_url: config.http.public_url.as_str().to_owned(),
            apps_domain: config.apps_domain.clone(),
            development_mailbox: adapters.mailbox.is_some(),
            assets,
            catalog: CatalogMemory::default(),
        };
        Ok(Self {
            config: Arc::new(config),
            services: Arc::new(services),
            adapters,
            wakeups: Wakeups::default(),
            rooms: Rooms::default(),
            kept: Kept::default(),
            sessions,
            leptos,
            metrics: Metrics::default(),
            heartbeat: Heartbeat::default(),
            ending,
        })
    }

    /// Waits until the program is to end. Without anybody who could say so: for ever.
    pub async fn ended(&self) {
        let mut ending = self.ending.clone();
        if ending.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn adapters(config: &Config) -> Result<Adapters> {
    let git = GitStore::new(&config.git_root);
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

/// What the build left: hashed names from `hash.txt`, or plain names where there is none.
fn site(config: &Config) -> Result<(LeptosOptions, Assets)> {
    let root: PathBuf = std::path::absolute(&config.http.site_root)?;
    let hash_file = root.join("hash.txt");
    let hashes = std::fs::read_to_string(&hash_file).ok();
    if hashes.is_none() {
        tracing::warn!(folder = %root.display(), "no built site here; set CATALYST_SITE_ROOT");
    }
    let name = |kind: &str| {
        let lines = hashes.as_deref().unwrap_or_default().lines();
        let hash = lines.filter_map(|line| line.split_once(':')).find(|(known, _)| known.trim() == kind);
        match hash {
            Some((_, hash)) => format!("pkg/catalyst.{}.{kind}", hash.trim()),
            None => format!("pkg/catalyst.{kind}"),
        }
    };
    let assets = Assets { css: name("css"), js: name("js"), wasm: name("wasm") };
    let options = LeptosOptions::builder()
        .output_name("catalyst")
        .site_root(root.to_string_lossy().into_owned())
        .site_pkg_dir("pkg")
        .hash_file(Arc::<str>::from(hash_file.to_string_lossy().as_ref()))
        .hash_files(hashes.is_some())
        .build();
    Ok((options, assets))
}
