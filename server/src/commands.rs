//! What the program can be told to do.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use domain::{
    identity::{
        PlatformRole,
        ops::{Scope, create_api_token, grant_role},
    },
    text::Email,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::{App, Config, database::Database, jobs, metrics, router};

/// How long open connections may take when the program is to end.
const GRACE: Duration = Duration::from_secs(20);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves, and works on jobs beside it unless the settings say not to, until SIGTERM or SIGINT.
pub async fn serve(config: Config) -> Result<()> {
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("CATALYST_LISTEN={} cannot be listened on", config.http.listen))?;
    run(config, Some(listener)).await
}

/// Works on jobs only.
pub async fn work(config: Config) -> Result<()> {
    run(config, None).await
}

async fn run(config: Config, listener: Option<TcpListener>) -> Result<()> {
    let signals = signals()?;
    let database = Database::open(&config).await?;
    let done = run_on(config, &database, listener, signals).await;
    database.close().await?;
    done
}

async fn run_on(
    config: Config,
    database: &Database,
    listener: Option<TcpListener>,
    ending: watch::Receiver<bool>,
) -> Result<()> {
    let mut early = ending.clone();
    tokio::select! {
        prepared = database.prepare() => prepared?,
        _ = early.wait_for(|ending| *ending) => return Ok(()),
    }
    let app = App::build(config, database, ending).await?;
    let listening = app.wakeups.listen(database.url().to_owned());
    let works = app.config.worker || listener.is_none();
    let worker = works.then(|| tokio::spawn(jobs::run(app.clone())));
    let watched = watched(&app).await?;
    if let Some(listener) = listener {
        let address = listener.local_addr()?;
        println!("Catalyst is at {} (listening on {address})", app.services.public_url);
        let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let until = app.clone();
        let server =
            axum::serve(listener, service).with_graceful_shutdown(async move { until.ended().await });
        let late = async {
            app.ended().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = server => served?,
            () = late => tracing::warn!("connections were still open at the end"),
        }
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

/// Serves the numbers for those who watch, if there is an address for them.
async fn watched(app: &App) -> Result<Option<JoinHandle<()>>> {
    let Some(address) = app.config.http.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("CATALYST_METRICS_LISTEN={address} cannot be listened on"))?;
    let routes = metrics::routes(app.clone());
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    })))
}

/// Becomes true with the first SIGTERM or SIGINT; the second ends the program at once.
fn signals() -> Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (ending, receiver) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if ending.send_replace(true) {
                std::process::exit(130);
            }
            tracing::info!("ending; once more ends at once");
        }
    });
    Ok(receiver)
}

/// Brings the database and the catalog to this program's version.
pub async fn migrate(config: &Config) -> Result<()> {
    let database = Database::open(config).await?;
    let done = async {
        let owns = domain::db::may_migrate(database.owner_url()).await?;
        ensure!(owns, "this login may not make tables: CATALYST_DATABASE_OWNER_URL has to be their owner's");
        database.prepare().await
    };
    let done = done.await;
    database.close().await?;
    done
}

/// Gives an address a role; makes the account if there is none.
pub async fn grant(config: &Config, email: &str, role: &str) -> Result<()> {
    let email = parse_email(email)?;
    let known = PlatformRole::ALL.map(PlatformRole::name).join(", ");
    let role: PlatformRole =
        role.parse().map_err(|_| anyhow::anyhow!("there is no role {role}. Roles: {known}"))?;
    with_database(config, async |database| {
        let pool = database.connect(1).await?;
        let account = grant_role(&mut *pool.acquire().await?, &email, role).await?;
        println!("{} is {}", account.email, account.role.name());
        pool.close().await;
        Ok(())
    })
    .await
}

/// Prints a new API token, and nothing else. No scopes: whatever its account may do.
pub async fn create_token(config: &Config, email: &str, scopes: &[String]) -> Result<()> {
    let email = parse_email(email)?;
    let known = Scope::ALL.map(Scope::name).join(", ");
    let find = |name: &String| Scope::ALL.into_iter().find(|scope| scope.name() == name);
    let scopes: Vec<Scope> = scopes
        .iter()
        .map(|name| find(name).with_context(|| format!("there is no scope {name}. Scopes: {known}")))
        .collect::<Result<_>>()?;
    with_database(config, async |database| {
        let pool = database.connect(1).await?;
        println!("{}", create_api_token(&mut *pool.acquire().await?, &email, &scopes).await?);
        pool.close().await;
        Ok(())
    })
    .await
}

fn parse_email(text: &str) -> Result<Email> {
    Email::parse(text).map_err(|problem| anyhow::anyhow!("{text:?} {problem}. Example: name@company.om"))
}

/// Beside a running server and without one: a private cluster that nobody else uses is stopped again.
async fn with_database(config: &Config, work: impl AsyncFnOnce(&Database) -> Result<()>) -> Result<()> {
    let database = Database::open(config).await?;
    let done = match database.prepare().await {
        Ok(()) => work(&database).await,
        Err(error) => Err(error),
    };
    database.close().await?;
    done
}

/// Asks the server at CATALYST_LISTEN whether it is alive.
pub fn healthcheck(config: &Config) -> Result<()> {
    let listen = config.http.listen;
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    let address = SocketAddr::new(ip, listen.port());
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)
        .with_context(|| format!("nobody answers at {address}"))?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("{address} does not answer in time"))?;
    let first = answer.lines().next().unwrap_or_default();
    if !first.contains(" 200 ") {
        bail!("{address} answers: {first}");
    }
    println!("ok");
    Ok(())
}
