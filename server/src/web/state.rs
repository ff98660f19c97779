//! What layers and handlers keep, made once with the router. Each takes the part that it needs.

use std::{ops::Deref, path::PathBuf, sync::Arc};

use adapters::mailbox::DevelopmentMailbox;
use anyhow::Result;
use axum::extract::FromRef;
use domain::services::Services;
use leptos::config::LeptosOptions;
use ui::server::{Assets, Site};

use super::{
    browser::{EventHub, Forms, PageCache, Pages},
    layers::SessionStore,
};
use crate::{app::App, config::Config, metrics::Metrics, wakeups::Wakeups};

/// Each layer of each request clones it.
#[derive(Clone)]
pub struct WebState(Arc<Parts>);

pub struct Parts {
    pub config: Arc<Config>,
    pub services: Arc<Services>,
    pub wakeups: Wakeups,
    pub metrics: Metrics,
    pub mailbox: Option<DevelopmentMailbox>,
    pub site: Arc<Site>,
    pub sessions: SessionStore,
    pub pages: Pages,
    pub forms: Forms,
    pub events: EventHub,
}

impl WebState {
    /// Reads the names of the built site's files.
    pub fn new(app: &App) -> Result<Self> {
        // Pages wait for their data on this runtime; a second call in the same program changes nothing.
        let _ = any_spawner::Executor::init_tokio();
        let (services, config) = (&app.services, &app.config);
        let (leptos, assets) = built_site(config)?;
        let pages = Pages { leptos, cache: PageCache::default(), config: config.clone() };
        let sessions = SessionStore::new(services.pool.clone(), services.key.clone(), config.limits.sessions);
        Ok(Self(Arc::new(Parts {
            config: config.clone(),
            services: services.clone(),
            wakeups: app.wakeups.clone(),
            metrics: app.metrics.clone(),
            mailbox: app.adapters.mailbox.clone(),
            site: Arc::new(Site { assets, development_mailbox: app.adapters.mailbox.is_some() }),
            sessions,
            forms: Forms { pages: pages.clone(), config: config.clone() },
            pages,
            events: EventHub::new(services.pool.clone(), app.wakeups.clone(), app.shutdown.clone()),
        })))
    }
}

impl Deref for WebState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

macro_rules! parts {
    ($($part:ident: $kind:ty),*) => {
        $(impl FromRef<WebState> for $kind {
            fn from_ref(state: &WebState) -> Self {
                state.$part.clone()
            }
        })*
    };
}

parts!(
    config: Arc<Config>,
    services: Arc<Services>,
    wakeups: Wakeups,
    metrics: Metrics,
    mailbox: Option<DevelopmentMailbox>,
    site: Arc<Site>,
    sessions: SessionStore,
    pages: Pages,
    forms: Forms,
    events: EventHub
);

/// What the build left: hashed names from `hash.txt`, or plain names where there is none.
fn built_site(config: &Config) -> Result<(LeptosOptions, Assets)> {
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
