//! Who is woken, how soon, and what becomes of a listener whose connection is dead.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use catalyst::wakeups::FALLBACK;
use http::StatusCode;
use tokio::{
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

use crate::world::{World, order_for};

#[tokio::test]
async fn a_worker_begins_an_order_long_before_it_would_look_by_itself() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    let listening = world.listen().await;
    let worker = tokio::spawn(catalyst::jobs::run(world.app.clone()));
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    // The worker has looked just now, and found nothing.
    sleep(Duration::from_millis(500)).await;
    let since = Instant::now();
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    while world.number("select count(*) from job where attempts > 0").await == 0 {
        assert!(since.elapsed() < FALLBACK / 2, "the worker was not woken");
        sleep(Duration::from_millis(20)).await;
    }
    while world.number("select count(*) from job where state <> 'done'").await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    worker.abort();
    listening.abort();
}

#[tokio::test]
async fn a_listener_whose_connection_is_dead_connects_again() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "2")]).await;
    let (proxy, dead) = Proxy::start(&world.database_url()).await;
    let (wakeups, pool) = (&world.app.wakeups, world.app.services.pool.clone());
    let listening = wakeups.run(proxy.url(), pool, Duration::from_millis(900));
    while !wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    // Pings keep a good connection; what was heard is remembered.
    sleep(Duration::from_millis(2000)).await;
    let before = wakeups.access();
    assert!(before.listening);
    world.execute("select pg_notify('catalyst', 'catalog')").await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(wakeups.access(), before, "it connected anew without a reason");

    dead.send_replace(true);
    while wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    dead.send_replace(false);
    while !wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    let changes = wakeups.catalog_changes();
    world.execute("select pg_notify('catalyst', 'catalog')").await;
    while wakeups.catalog_changes() == changes {
        sleep(Duration::from_millis(20)).await;
    }
    listening.abort();
}

/// Between a client and the database's socket. While it plays dead, nothing passes, and no connection is closed.
struct Proxy {
    folder: PathBuf,
    name: String,
}

impl Proxy {
    const SOCKET: &str = ".s.PGSQL.5432";

    async fn start(url: &str) -> (Self, watch::Sender<bool>) {
        let (name, host) = url.rsplit_once("?host=").unwrap();
        let real = PathBuf::from(host.replace("%2F", "/")).join(Self::SOCKET);
        let folder = std::env::temp_dir().join(format!("proxy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(Self::SOCKET)).unwrap();
        let (sender, dead) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&real).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, dead.clone()));
                tokio::spawn(pass(from_server, to_client, dead.clone()));
            }
        });
        (Self { folder, name: name.to_owned() }, sender)
    }

    fn url(&self) -> String {
        format!("{}?host={}", self.name, self.folder.display().to_string().replace('/', "%2F"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A connection that was open while the proxy was dead stays dead.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut dead: watch::Receiver<bool>) {
    let passed = async { tokio::io::copy(&mut from, &mut to).await.map(drop) };
    let died = async {
        dead.wait_for(|dead| *dead).await.ok();
    };
    tokio::select! {
        passed = passed => { passed.ok(); }
        () = died => std::future::pending().await,
    }
}
