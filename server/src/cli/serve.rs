//! `catalyst serve` and `catalyst worker`: until SIGTERM or SIGINT.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

use crate::{App, Config, database::Database, jobs, shutdown::Shutdown, wakeups::SILENCE, web};

/// How long open connections may take when the program is to end.
const GRACE: Duration = Duration::from_secs(20);

/// Serves, and works on jobs beside it unless the settings say not to.
pub(super) async fn serve(config: Config) -> Result<()> {
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("CATALYST_LISTEN={} cannot be listened on", config.http.listen))?;
    run(config, Some(listener)).await
}

/// Works on jobs only.
pub(super) async fn work(config: Config) -> Result<()> {
    run(config, None).await
}

async fn run(config: Config, listener: Option<TcpListener>) -> Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let database = Database::open(&config).await?;
    let done = run_on(config, &database, listener, shutdown).await;
    database.close().await?;
    done
}

async fn run_on(
    config: Config,
    database: &Database,
    listener: Option<TcpListener>,
    shutdown: Shutdown,
) -> Result<()> {
    tokio::select! {
        prepared = database.prepare() => prepared?,
        () = shutdown.requested() => return Ok(()),
    }
    let app = App::build(config, database, shutdown).await?;
    let pool = app.services.pool.clone();
    let listening = app.wakeups.run(database.url().to_owned(), pool, SILENCE);
    let works = app.config.worker || listener.is_none();
    let worker = works.then(|| tokio::spawn(jobs::run(app.clone())));
    let watched = serve_monitoring(&app).await?;
    if let Some(listener) = listener {
        serve_web(&app, listener).await?;
    } else {
        println!("Catalyst works on jobs");
    }
    if let Some(worker) = worker {
        worker.await?;
    }
    listening.abort();
    if let Some(watched) = watched {
        watched.abort();
    }
    timeout(GRACE, app.services.pool.close()).await.ok();
    Ok(())
}

async fn serve_web(app: &App, listener: TcpListener) -> Result<()> {
    let address = listener.local_addr()?;
    let service = web::router(app)?.into_make_service_with_connect_info::<SocketAddr>();
    println!("Catalyst is at {} (listening on {address})", app.services.public_url);
    let (until, late) = (app.shutdown.clone(), app.shutdown.clone());
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { until.requested().await });
    let late = async {
        late.requested().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served?,
        () = late => tracing::warn!("connections were still open at the end"),
    }
    Ok(())
}

/// Serves the numbers for those who watch, if there is an address for them.
async fn serve_monitoring(app: &App) -> Result<Option<JoinHandle<()>>> {
    let Some(address) = app.config.http.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("CATALYST_METRICS_LISTEN={address} cannot be listened on"))?;
    let routes = web::monitoring::routes(app.clone());
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    })))
}
