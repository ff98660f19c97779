//! A whole installation for one test: a database of its own, the real router without sockets, mails and
//! repositories in a temporary folder. Dropping it fails the test if work is left undone.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use catalyst::{App, Config, database::Database, shutdown::Shutdown, wakeups::SILENCE};
use domain::{
    access::{Operator, PlatformRole, Scope},
    identity::ops::{create_api_token, grant_role},
    jobs,
    testing::{TestDatabase, blocking, check_books},
    text::Email,
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::{
    sync::{Barrier, watch},
    task::JoinHandle,
    time::sleep,
};
use tower::ServiceExt as _;
use uuid::Uuid;

/// What a successful order may fill; `World::stored` counts them.
const BUSINESS_TABLES: [&str; 17] = [
    "application",
    "billing_account",
    "customer_order",
    "grant_draw",
    "grant_lot",
    "idempotency",
    "job",
    "ledger_account",
    "ledger_entry",
    "ledger_transaction",
    "order_line",
    "organization",
    "organization_member",
    "outbox_event",
    "promo_redemption",
    "subscription",
    "subscription_line",
];

const CONNECTIONS: &str = "CATALYST_DATABASE_CONNECTIONS";

pub struct World {
    pub app: App,
    /// The owner's connections: they see all, and no grant stops them.
    pub owner: PgPool,
    router: Router,
    database: TestDatabase,
    folder: PathBuf,
    clients: AtomicU8,
    jobs_may_remain: bool,
    shutdown: watch::Sender<bool>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings other than the defaults.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(TestDatabase::new().await, settings).await
    }

    /// On a database that is migrated.
    pub async fn on(database: TestDatabase, settings: &[(&str, &str)]) -> Self {
        tracing_subscriber::fmt().with_env_filter("warn,catalyst=info").with_test_writer().try_init().ok();
        let folder = std::env::temp_dir().join(format!("catalyst-test-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let (url, folder_text) = (database.url(), folder.to_str().unwrap().to_owned());
        let mut pairs = vec![("CATALYST_DATABASE_URL", url.as_str()), ("CATALYST_DATA_DIR", &folder_text)];
        // Fewer than the settings take: see below.
        let one = |(name, value): &&(&str, &str)| *name == CONNECTIONS && *value == "1";
        pairs.extend(settings.iter().filter(|setting| !one(setting)));
        let mut config = Config::from_pairs(&pairs).unwrap_or_else(|problems| panic!("{problems}"));
        // Nobody may need a second connection while holding one: as many who do, as there are, wait for one another.
        if !pairs.iter().any(|(name, _)| *name == CONNECTIONS) {
            config.database.connections = 1;
        }
        let (sender, shutdown) = Shutdown::by_hand();
        let opened = Database::open(&config).await.unwrap();
        let app = App::build(config, &opened, shutdown).await.unwrap();
        Self {
            router: catalyst::web::router(&app).unwrap(),
            owner: database.owner_pool().await,
            app,
            database,
            folder,
            clients: AtomicU8::new(1),
            jobs_may_remain: false,
            shutdown: sender,
        }
    }

    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// Hears of changes from now on, as a program that serves does.
    pub async fn listen(&self) -> JoinHandle<()> {
        let wakeups = &self.app.wakeups;
        let listening = wakeups.run(self.database_url(), self.app.services.pool.clone(), SILENCE);
        while !wakeups.access().listening {
            sleep(Duration::from_millis(20)).await;
        }
        listening
    }

    /// As SIGTERM does.
    pub fn shut_down(&self) {
        self.shutdown.send_replace(true);
    }

    /// The whole server, as the other clients call it.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Somebody with a token that was made before.
    pub fn with_known_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// Somebody without a token. Each client has an address of its own.
    pub fn anonymous(&self) -> Client {
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        Client {
            router: self.router.clone(),
            token: None,
            address: SocketAddr::from(([192, 0, 2, number], 4000)),
        }
    }

    pub async fn customer(&self, email: &str) -> Client {
        self.with_token(email, &[]).await
    }

    pub async fn sovereign_admin(&self) -> Client {
        self.staff("admin@sovereign.om", PlatformRole::SovereignAdmin).await
    }

    pub async fn superadmin(&self) -> Client {
        self.staff("root@sovereign.om", PlatformRole::Superadmin).await
    }

    pub async fn staff(&self, email: &str, role: PlatformRole) -> Client {
        let mut conn = self.app.services.pool.acquire().await.unwrap();
        let operator = Operator::at_the_command_line();
        grant_role(&operator, &mut conn, &Email::parse(email).unwrap(), role).await.unwrap();
        drop(conn);
        self.with_token(email, &[]).await
    }

    pub async fn with_token(&self, email: &str, scopes: &[Scope]) -> Client {
        let mut conn = self.app.services.pool.acquire().await.unwrap();
        let (operator, email) = (Operator::at_the_command_line(), Email::parse(email).unwrap());
        let token = create_api_token(&operator, &mut conn, &email, scopes).await.unwrap();
        Client { token: Some(token), ..self.anonymous() }
    }

    /// A browser: keeps cookies, sends its own origin, follows nothing.
    pub fn browser(&self) -> Browser {
        Browser {
            client: self.anonymous(),
            origin: self.app.config.http.public_url.as_str().to_owned(),
            cookies: Cookies::default(),
        }
    }

    /// Issues a voucher of so many rials; a cap of 0 is none.
    pub async fn voucher(&self, code: &str, rials: &str, cap: i32) {
        let issue = json!({ "code": code, "credit_omr": rials, "max_redemptions": cap });
        self.sovereign_admin().await.post("/billing/vouchers/issue", &issue).await.expect(StatusCode::OK);
    }

    /// Does all that waits to be done.
    pub async fn run_jobs(&self) {
        catalyst::jobs::run_until_idle(&self.app).await.unwrap();
    }

    /// Says that jobs may be left when the test ends.
    pub fn abandon_jobs(&mut self) {
        self.jobs_may_remain = true;
    }

    /// Mails that were sent, the newest first.
    pub fn mails(&self) -> Vec<adapters::mailbox::KeptMail> {
        self.app.adapters.mailbox.as_ref().unwrap().list().unwrap()
    }

    /// The one number that a query of the owner's gives.
    pub async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&self.owner)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Changes something that no verb changes yet.
    pub async fn execute(&self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&self.owner)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// How many rows each table of the business holds.
    pub async fn stored(&self) -> Vec<(&'static str, i64)> {
        let mut counts = Vec::new();
        for table in BUSINESS_TABLES {
            counts.push((table, self.number(&format!("select count(*) from {table}")).await));
        }
        counts.push((
            "redemptions",
            self.number("select coalesce(sum(times_redeemed), 0)::bigint from promo_code").await,
        ));
        counts.push(("vouchers", self.number("select count(*) from promo_code").await));
        counts
    }

    /// What has to be true of the books whatever happened.
    pub async fn check_books(&self) {
        check_books(&self.owner).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
        if self.jobs_may_remain || std::thread::panicking() {
            return;
        }
        let url = self.database.url();
        let left = blocking(async move {
            let pool = domain::db::connect(&url, 1).await.unwrap();
            let mut conn = pool.acquire().await.unwrap();
            jobs::unfinished(&mut conn).await.unwrap()
        });
        assert_eq!(left, Some(0), "jobs are left undone: run_jobs() or abandon_jobs()");
    }
}

/// Somebody who calls REST.
#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    address: SocketAddr,
}

impl Client {
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_text(path, body.to_string()).await
    }

    /// The text as it is: for numbers that must not be read before they arrive.
    pub async fn post_text(&self, path: &str, body: impl Into<Body>) -> Reply {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Places an order under a key.
    pub async fn order(&self, key: &str, order: &Value) -> Reply {
        let request = self.request(Method::POST, "/billing/checkout");
        let request = request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
        self.send(request.body(order.to_string().into()).unwrap()).await
    }

    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let builder = Request::builder().method(method).uri(path);
        match &self.token {
            Some(token) => builder.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => builder,
        }
    }

    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        let what = format!("{} {}", request.method(), request.uri());
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        Reply { what, status: parts.status, headers: parts.headers, body }
    }
}

/// A person at a browser.
pub struct Browser {
    client: Client,
    origin: String,
    cookies: Cookies,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let form = serde_urlencoded::to_string(fields).unwrap();
        let request = self.request(Method::POST, path).header(header::ORIGIN, &self.origin);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(form.into()).unwrap()).await
    }

    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let builder = self.client.request(method, path);
        if self.cookies.0.is_empty() {
            return builder;
        }
        builder.header(header::COOKIE, self.cookies.header())
    }

    pub async fn send(&mut self, request: Request<Body>) -> Reply {
        let reply = self.client.send(request).await;
        self.cookies.keep(&reply.headers);
        reply
    }

    /// Another tab of the same browser.
    pub fn again(&self) -> Self {
        Self { client: self.client.clone(), origin: self.origin.clone(), cookies: self.cookies.clone() }
    }

    /// Has been here before.
    pub fn remember(&mut self, name: &str, value: &str) {
        self.cookies.0.push((name.to_owned(), value.to_owned()));
    }

    pub fn cookies(&self) -> &[(String, String)] {
        &self.cookies.0
    }
}

/// What a browser keeps and sends back.
#[derive(Clone, Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    pub fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    pub fn header(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    what: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// Fails the test, and shows the answer, where the status is another.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self
    }

    /// A refusal with this code, and this field unless it is empty.
    #[track_caller]
    pub fn refused(self, status: StatusCode, error: &str, field: &str) -> Self {
        let reply = self.expect(status);
        let told = reply.json();
        assert_eq!(told["error"], error, "{}: {told}", reply.what);
        assert_eq!(told["field"].as_str().unwrap_or_default(), field, "{}: {told}", reply.what);
        assert!(told["message"].as_str().is_some_and(|message| !message.is_empty()), "{told}");
        reply
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.what, self.text()))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Sends so many requests that begin together. The answers are in the order of the numbers.
pub async fn at_once<T, F>(times: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(times));
    let tasks = (0..times).map(|number| {
        let (work, barrier) = (work(number), barrier.clone());
        tokio::spawn(async move {
            barrier.wait().await;
            work.await
        })
    });
    futures::future::join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

/// An order of plan s (5.000) with WordPress for a new Organization.
pub fn order_for(slug: &str, promo_code: Option<&str>) -> Value {
    json!({
        "plan_id": "s",
        "apps": ["wordpress"],
        "addons": [],
        "promo_code": promo_code,
        "organization": { "name": format!("The {slug} company"), "slug": slug },
    })
}
