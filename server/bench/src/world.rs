//! An installation for the benchmark: a database of its own, the release's binary, a customer with an order.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use local_postgres::{Durability, LocalPostgres};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::process::Process;

pub const DATABASE: &str = "catalyst";
pub const ADMINISTRATOR: &str = "admin@sovereign.om";
pub const CUSTOMER: &str = "sara@example.om";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub folder: PathBuf,
    pub postgres: LocalPostgres,
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl World {
    pub fn start(root: &Path, binary: &Path, site: &Path, folder: PathBuf) -> Result<Self> {
        if let Some(left) = LocalPostgres::attach(&folder.join("postgres"))? {
            left.stop()?;
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let postgres = LocalPostgres::start(&folder.join("postgres"), Durability::Safe)?;
        postgres.create_database_if_missing(DATABASE)?;
        let settings = vec![
            ("PATH", std::env::var("PATH")?),
            ("CATALYST_DATABASE_URL", postgres.url(DATABASE)),
            ("CATALYST_DATA_DIR", folder.join("data").display().to_string()),
            ("CATALYST_SITE_ROOT", site.display().to_string()),
            ("CATALYST_INFRA_DIR", root.join("infra").display().to_string()),
        ];
        Ok(Self { folder, postgres, binary: binary.to_owned(), settings })
    }

    /// The program with the benchmark's settings only, not yet started.
    pub fn catalyst(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear();
        command.envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    /// `catalyst serve` where servers are.
    pub async fn serve(&self) -> Result<Process> {
        self.serve_with(&[]).await
    }

    pub async fn serve_with(&self, settings: &[(&str, &str)]) -> Result<Process> {
        let address = free_address()?;
        let mut command = self.catalyst(&["serve"]);
        command.env("CATALYST_LISTEN", &address).envs(settings.iter().copied());
        Process::start(&command, format!("http://{address}"), "/readyz", &self.folder.join("catalyst.log"))
            .await
    }

    pub fn sql(&self, statement: &str) -> Result<String> {
        self.postgres.psql(DATABASE, &["-qtAc", statement])
    }

    fn printed(&self, arguments: &[&str]) -> Result<String> {
        let output = self.catalyst(arguments).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// A customer orders; gives the Organization's id once its Applications are delivered.
    pub async fn organization(&self, url: &str) -> Result<String> {
        self.grant(ADMINISTRATOR, "sovereign-admin")?;
        let client = Client::new();
        let call = async |token: &str, path: &str, body: Value| {
            let request = client.post(format!("{url}{path}")).bearer_auth(token);
            let reply = request.header("idempotency-key", "bench").json(&body).send().await?;
            let (status, text) = (reply.status(), reply.text().await?);
            ensure!(status == StatusCode::OK, "{path}: {status} {text}");
            anyhow::Ok(serde_json::from_str::<Value>(&text)?)
        };
        let administrator = self.token(ADMINISTRATOR)?;
        let voucher = json!({ "code": "BENCH", "credit_omr": "20", "max_redemptions": 1 });
        call(&administrator, "/billing/vouchers/issue", voucher).await?;
        let customer = self.token(CUSTOMER)?;
        let order = json!({
            "plan_id": "s", "apps": ["wordpress"], "addons": [], "promo_code": "BENCH",
            "organization": { "name": "The bench company", "slug": "bench" },
        });
        let placed = call(&customer, "/billing/checkout", order).await?;
        let id = placed["tenant_id"].as_str().context("no Organization")?.to_owned();
        let since = Instant::now();
        while self.sql("select state from organization")?.trim() != "active" {
            ensure!(since.elapsed() < PATIENCE, "the order is not delivered");
            sleep(Duration::from_millis(200)).await;
        }
        Ok(id)
    }

    pub fn grant(&self, email: &str, role: &str) -> Result<()> {
        self.printed(&["admin", "grant", email, role]).map(drop)
    }

    pub fn token(&self, email: &str) -> Result<String> {
        self.printed(&["token", "create", email])
    }

    /// Signs somebody in by the link in the mail; gives the browser's cookie.
    pub async fn sign_in(&self, url: &str, email: &str) -> Result<String> {
        let client = Client::builder().redirect(Policy::none()).build()?;
        let post = async |path: &str, cookie: &str, fields: &[(&str, &str)]| {
            let request = client.post(format!("{url}{path}")).header(header::ORIGIN, url);
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let request = request.header(header::COOKIE, cookie).body(serde_urlencoded::to_string(fields)?);
            let reply = request.send().await?;
            ensure!(reply.status() == StatusCode::SEE_OTHER, "{path}: {}", reply.status());
            session(&reply)
        };
        let before = post("/sign-in", "", &[("email", email), ("return_to", "/console")]).await?;
        let token = self.mailed_token().await?;
        post("/sign-in/link", &before, &[("token", &token)]).await
    }

    async fn mailed_token(&self) -> Result<String> {
        let folder = self.folder.join("data/mail");
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                // A mail that is not whole yet is read the next time; a read one is gone.
                let path = entry?.path();
                let bytes = fs::read(&path).unwrap_or_default();
                let mail: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                let text = mail["text"].as_str().unwrap_or_default();
                let token = text.split("/sign-in/link?token=").nth(1);
                if let Some(token) = token.and_then(|rest| rest.split_whitespace().next()) {
                    fs::remove_file(path)?;
                    return Ok(token.to_owned());
                }
            }
            sleep(Duration::from_millis(200)).await;
        }
        bail!("no mail came")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Err(error) = self.postgres.stop() {
            eprintln!("the database was not stopped: {error:#}");
        }
    }
}

/// `name=value` of the session's cookie.
fn session(reply: &Response) -> Result<String> {
    let lines = reply.headers().get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pair = lines.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("catalyst="));
    pair.map(str::to_owned).context("no session came with the answer")
}

pub fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
