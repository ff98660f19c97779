//! A database that takes connections and says nothing.

use std::path::PathBuf;

use tokio::{
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use uuid::Uuid;

/// Between a client and the database's socket. While it plays dead, nothing passes, and no connection is closed.
pub struct Proxy {
    folder: PathBuf,
    name: String,
}

impl Proxy {
    const SOCKET: &str = ".s.PGSQL.5432";

    pub async fn start(url: &str) -> (Self, watch::Sender<bool>) {
        let (name, host) = url.rsplit_once("?host=").unwrap();
        let real = PathBuf::from(host.replace("%2F", "/")).join(Self::SOCKET);
        let folder = std::env::temp_dir().join(format!("proxy-{}", Uuid::now_v7().simple()));
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

    pub fn url(&self) -> String {
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
