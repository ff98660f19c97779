//! The stand-in cloud in this process, and the programs that talk to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hcloud_rig::api;
use serde_json::Value;

pub const TOKEN: &str = "TokenOfTheTestTokenOfTheTestTokenOfTheTestTokenOfTheTestTokenOfT";
pub const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJcBlBvLFbDOsC5sTdnHw3bBnEHpzG3ZP2qbQzKFwHlK test";

pub struct Rig {
    runtime: tokio::runtime::Runtime,
    address: String,
    http: reqwest::Client,
}

impl Rig {
    pub fn start(settings: api::Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        runtime.spawn(async move { api::serve(listener, TOKEN, settings).await });
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { runtime, address, http }
    }

    pub fn endpoint(&self) -> String {
        format!("{}/v1", self.address)
    }

    /// Everything that stands.
    pub fn state(&self) -> Value {
        self.rig("GET", "state", None)
    }

    pub fn names(&self, table: &str) -> Vec<String> {
        let state = self.state();
        let rows = state[table].as_array().expect(table);
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.state().as_object().expect("tables").values().all(|rows| rows == &serde_json::json!([]))
    }

    /// What is deleted goes after a moment (DELETE answers before).
    pub fn becomes_empty(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if self.is_empty() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub fn rig(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.call(method, &format!("{}/_rig/{path}", self.address), "", body).1
    }

    /// A request to the API: status, body, headers in lower case.
    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call(method, &format!("{}/{path}", self.endpoint()), TOKEN, body)
    }

    pub fn call(&self, method: &str, url: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        self.runtime.block_on(async {
            let method = method.parse().expect("a method");
            let mut request = self.http.request(method, url).bearer_auth(token);
            if let Some(body) = body {
                request = request.json(&body);
            }
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            (status, response.json().await.unwrap_or_default())
        })
    }

    /// How often a request was answered with this status.
    pub fn answered(&self, status: u16) -> usize {
        let requests = self.rig("GET", "requests", None);
        requests.as_array().expect("requests").iter().filter(|one| one["status"] == status).count()
    }
}

/// A folder of this test's own, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("hcloud-rig-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().expect("the repository")
}

/// Both streams, for messages and for what must not be in them.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn run(command: &mut Command, missing: &str) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{:?} did not start ({error}). {missing}", command.get_program()),
    }
}
