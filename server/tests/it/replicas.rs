//! Several replicas behave as one: three servers and two workers on one database, behind a real nginx, while 200
//! customers make the whole journey at once and one process is killed every second.
//!
//! Slow (minutes): `make test-slow`. It needs nginx: `apt-get install -y --no-install-recommends nginx-light`.

use std::{
    collections::{HashMap, HashSet},
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use adapters::mailbox::KeptMail;
use reqwest::{Method, StatusCode, header, redirect::Policy};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    nginx::nginx,
    program::ready,
    sign_in::token_in,
    world::{Cookies, World, order_for},
};

const CUSTOMERS: usize = 200;
/// How many of them want what is there for fewer, each from two tabs at once.
const HOPEFUL: usize = 40;
const CAP: usize = 15;
const SERVERS: usize = 3;
const WORKERS: usize = 2;
const KILL_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(600);
/// What a person bears before it is an error page that a retry did not mend.
const TRIES: u32 = 300;
const SIGN_INS: usize = 10;

/// One process of the product; started again after it was killed.
struct Replica {
    child: Child,
    /// None: a worker.
    port: Option<u16>,
}

struct Fleet {
    url: String,
    environment: Vec<(&'static str, String)>,
    replicas: Vec<Replica>,
    nginx: Child,
    killed_servers: u32,
    killed_workers: u32,
}

impl Fleet {
    async fn start(world: &World) -> Self {
        let folder = world.app.config.data_dir.clone();
        let ports: Vec<u16> = (0..SERVERS).map(|_| free_port()).collect();
        let front = free_port();
        let url = format!("http://127.0.0.1:{front}");
        let environment = vec![
            ("CATALYST_DATABASE_URL", world.database_url()),
            ("CATALYST_DATA_DIR", folder.display().to_string()),
            ("CATALYST_PUBLIC_URL", url.clone()),
            ("CATALYST_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            ("CATALYST_DATABASE_CONNECTIONS", "8".to_owned()),
            ("CATALYST_LIMIT_LINKS_PER_ADDRESS", "off".to_owned()),
            ("CATALYST_LIMIT_LINKS_PER_IP", "off".to_owned()),
            ("CATALYST_LIMIT_LINKS_IN_ALL", "off".to_owned()),
            ("CATALYST_LIMIT_SIGN_IN_TRIES_PER_IP", "off".to_owned()),
            ("CATALYST_LIMIT_PREVIEWS_PER_IP", "off".to_owned()),
            ("CATALYST_LIMIT_REDEMPTIONS_PER_IP", "off".to_owned()),
            ("CATALYST_LIMIT_REDEMPTIONS_PER_ACCOUNT", "off".to_owned()),
        ];
        let nginx = nginx(&folder, front, &ports);
        let mut fleet =
            Self { url, environment, replicas: Vec::new(), nginx, killed_servers: 0, killed_workers: 0 };
        let kinds = ports.into_iter().map(Some).chain(std::iter::repeat_n(None, WORKERS));
        for port in kinds {
            let child = fleet.spawn(port);
            fleet.replicas.push(Replica { child, port });
        }
        ready(&fleet.url).await;
        fleet
    }

    fn spawn(&self, port: Option<u16>) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalyst"));
        command.arg(if port.is_some() { "serve" } else { "worker" });
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        if let Some(port) = port {
            command.env("CATALYST_LISTEN", format!("127.0.0.1:{port}")).env("CATALYST_WORKER", "off");
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// SIGKILL, and a new one in its place.
    fn kill_one(&mut self) {
        let number = usize::try_from(uuid::Uuid::now_v7().as_u128() % self.replicas.len() as u128).unwrap();
        let port = self.replicas[number].port;
        self.replicas[number].child.kill().unwrap();
        self.replicas[number].child.wait().unwrap();
        self.replicas[number].child = self.spawn(port);
        *if port.is_some() { &mut self.killed_servers } else { &mut self.killed_workers } += 1;
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in self.replicas.iter_mut().map(|replica| &mut replica.child).chain([&mut self.nginx]) {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The links that were mailed, by address.
type Mails = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// Reads each mail once, for all.
async fn deliver(folder: PathBuf, mails: Mails) {
    let mut read = HashSet::new();
    loop {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|extension| extension != "json") || !read.insert(path.clone()) {
                continue;
            }
            let mail: KeptMail = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            if let Some(token) = token_in(&mail.text) {
                mails.lock().unwrap().entry(mail.to).or_default().push(token.to_owned());
            }
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Somebody at a browser, who tries again when there is no answer.
#[derive(Clone)]
struct Person {
    client: reqwest::Client,
    url: String,
    email: String,
    slug: String,
    mails: Mails,
    cookies: Cookies,
    retries: Arc<AtomicU32>,
}

/// What somebody was told of their Organization.
struct Watched {
    organization: String,
    seen: Vec<i64>,
    /// How often a stream went on after the last event of one that broke.
    resumed: u32,
}

struct Answer {
    status: StatusCode,
    location: String,
    text: String,
}

impl Person {
    async fn ask(&mut self, method: Method, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        for _ in 0..TRIES {
            let request = self
                .client
                .request(method.clone(), format!("{}{path}", self.url))
                .header(header::ACCEPT, "text/html")
                .header(header::ORIGIN, &self.url)
                .header(header::REFERER, format!("{}/checkout", self.url))
                .header(header::COOKIE, self.cookies.header());
            let request = match form {
                Some(fields) => request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(serde_urlencoded::to_string(fields).unwrap()),
                None => request,
            };
            if let Ok(reply) = request.send().await
                && !reply.status().is_server_error()
            {
                self.cookies.keep(reply.headers());
                let (status, headers) = (reply.status(), reply.headers().clone());
                if let Ok(text) = reply.text().await {
                    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
                    return Answer { status, location: location.unwrap_or_default().to_owned(), text };
                }
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(200)).await;
        }
        panic!("{path}: an error page that {TRIES} tries did not mend");
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, path, Some(fields)).await
    }

    async fn fill_the_cart(&mut self) {
        let slug = self.slug.clone();
        for (path, fields) in [
            ("/do/cart/plan", vec![("plan", "s")]),
            ("/do/cart/apps/add", vec![("app", "wordpress")]),
            (
                "/do/cart/organization",
                vec![("organization_name", slug.as_str()), ("organization_slug", &slug)],
            ),
            ("/do/cart/voucher", vec![("promo_code", "RUSH")]),
        ] {
            let answer = self.post(path, &fields).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        }
    }

    /// The answer that signs somebody in may be lost with its cookie; then they ask for another link.
    async fn sign_in(&mut self) {
        let mut used = Vec::new();
        for _ in 0..SIGN_INS {
            let email = self.email.clone();
            let asked = self.post("/sign-in", &[("email", &email), ("return_to", "/checkout")]).await;
            assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
            let token = self.mailed(&used).await;
            let answer = self.post("/sign-in/link", &[("token", &token)]).await;
            if answer.status == StatusCode::SEE_OTHER {
                return;
            }
            used.push(token);
        }
        panic!("{} is not signed in", self.email);
    }

    async fn mailed(&self, used: &[String]) -> String {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(120) {
            let tokens = self.mails.lock().unwrap().get(&self.email).cloned().unwrap_or_default();
            // The newest: an older one may be of a browser whose cookie was lost with the answer.
            if let Some(token) = tokens.into_iter().rev().find(|token| !used.contains(token)) {
                return token;
            }
            sleep(Duration::from_millis(300)).await;
        }
        panic!("no mail for {}", self.email);
    }

    async fn order(&mut self) {
        let page = self.get("/checkout").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.location);
        if !page.text.contains("name=\"key\"") {
            // The cart stayed with the session that signing in ended, and its answer was lost.
            self.fill_the_cart().await;
            return Box::pin(self.order()).await;
        }
        let (key, seen) = (hidden(&page.text, "key"), hidden(&page.text, "seen"));
        // Two clicks, from two tabs.
        let fields = [("key", key.as_str()), ("seen", &seen), ("destination", "")];
        let mut tab = self.clone();
        let (placed, again) =
            tokio::join!(self.post("/do/orders/place", &fields), tab.post("/do/orders/place", &fields));
        assert_eq!(placed.status, StatusCode::SEE_OTHER, "{}", placed.text);
        assert!(placed.location.starts_with("/orders/"), "{}", placed.location);
        assert_eq!(again.location, placed.location, "two clicks are one order");
        let order = self.get(&placed.location).await;
        assert_eq!(order.status, StatusCode::OK, "the session is lost: {}", order.location);
    }

    /// Orders by REST from two tabs at once, with a voucher that not all can have. Gives how many orders were placed.
    async fn try_twice(&mut self) -> usize {
        let (mut left, mut right) = (self.clone(), self.clone());
        let (left, right) = tokio::join!(left.try_for("left"), right.try_for("right"));
        usize::from(left) + usize::from(right)
    }

    async fn try_for(&mut self, side: &str) -> bool {
        let slug = format!("{side}-of-{}", self.slug);
        for _ in 0..TRIES {
            let request = self
                .client
                .post(format!("{}/billing/checkout", self.url))
                .header(header::ORIGIN, &self.url)
                .header(header::COOKIE, self.cookies.header())
                .header("idempotency-key", &slug)
                .json(&order_for(&slug, Some("LUCKY")));
            if let Ok(reply) = request.send().await
                && !reply.status().is_server_error()
            {
                let (status, text) = (reply.status(), reply.text().await.unwrap_or_default());
                let refused = ["voucher_exhausted", "voucher_already_redeemed"];
                assert!(
                    status.is_success() || refused.iter().any(|code| text.contains(code)),
                    "{status} {text}"
                );
                return status.is_success();
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(200)).await;
        }
        panic!("{slug}: an error that {TRIES} tries did not mend");
    }

    /// Follows the Organization until it is active; whoever breaks off goes on after the last event seen.
    async fn watch(&mut self) -> Watched {
        let listed: serde_json::Value = serde_json::from_str(&self.get("/tenant/orgs").await.text).unwrap();
        let organization = listed.pointer("/0/id");
        let id =
            organization.and_then(serde_json::Value::as_str).unwrap_or_else(|| panic!("{listed}")).to_owned();
        let path = format!("{}/console/organizations/{id}/events", self.url);
        let mut watched = Watched { organization: id, seen: Vec::new(), resumed: 0 };
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let last = watched.seen.last().copied().unwrap_or_default();
            let request = self
                .client
                .get(&path)
                .header(header::COOKIE, self.cookies.header())
                .header("last-event-id", last);
            let Ok(mut reply) = request.send().await else {
                sleep(Duration::from_millis(200)).await;
                continue;
            };
            if !reply.status().is_success() {
                assert!(reply.status().is_server_error(), "the session is lost: {}", reply.status());
                sleep(Duration::from_millis(200)).await;
                continue;
            }
            watched.resumed += u32::from(last > 0);
            let mut text = String::new();
            while let Ok(Some(bytes)) = reply.chunk().await {
                text.push_str(&String::from_utf8_lossy(&bytes));
                while let Some((event, rest)) = text.split_once("\n\n") {
                    if let Some(id) = event.lines().find_map(|line| line.strip_prefix("id: ")) {
                        watched.seen.push(id.parse().unwrap());
                    }
                    if event.contains("event: organization") && event.contains("\"active\"") {
                        return watched;
                    }
                    text = rest.to_owned();
                }
            }
        }
        panic!("{} did not become active", self.slug);
    }
}

/// What a page's form sends by itself.
pub fn hidden(html: &str, name: &str) -> String {
    let input =
        html.split("<input").find(|input| input.contains(&format!("name=\"{name}\""))).expect("a field");
    let value = input.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: make test-slow"]
async fn three_servers_and_two_workers_are_one_while_one_of_them_dies_every_second() {
    let world = World::new().await;
    world.voucher("RUSH", "20", 0).await;
    world.voucher("LUCKY", "20", i32::try_from(CAP).unwrap()).await;
    let mut fleet = Fleet::start(&world).await;
    let client =
        reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(60)).build().unwrap();
    let retries = Arc::new(AtomicU32::new(0));
    let mails = Mails::default();
    let postman = tokio::spawn(deliver(world.app.config.data_dir.join("mail"), Arc::clone(&mails)));
    let mut people = JoinSet::new();
    for number in 0..CUSTOMERS {
        let mut person = Person {
            client: client.clone(),
            url: fleet.url.clone(),
            email: format!("person{number}@example.om"),
            slug: format!("org-{number}"),
            mails: Arc::clone(&mails),
            cookies: Cookies::default(),
            retries: Arc::clone(&retries),
        };
        people.spawn(async move {
            person.fill_the_cart().await;
            person.sign_in().await;
            person.order().await;
            let watched = person.watch().await;
            let lucky = if number < HOPEFUL { person.try_twice().await } else { 0 };
            (watched, lucky)
        });
    }
    let began = Instant::now();
    let mut kills = tokio::time::interval(KILL_EVERY);
    let (mut told, mut lucky) = (Vec::new(), 0);
    while !people.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} people still wait", people.len());
        tokio::select! {
            _ = kills.tick() => fleet.kill_one(),
            Some(done) = people.join_next() => {
                let (watched, won) = done.expect("the journey ends well");
                told.push(watched);
                lucky += won;
            }
        }
    }
    postman.abort();
    assert_eq!(lucky, CAP, "as many as can be, are told that they won");
    let resumed: u32 = told.iter().map(|watched| watched.resumed).sum();
    println!(
        "{CUSTOMERS} journeys in {:.0} s, {} servers and {} workers killed, {} tries that were repeated, {resumed} streams resumed",
        began.elapsed().as_secs_f64(),
        fleet.killed_servers,
        fleet.killed_workers,
        retries.load(Ordering::Relaxed)
    );
    assert!(
        fleet.killed_servers > 0 && fleet.killed_workers > 0 && resumed > 0,
        "nothing was put to the test"
    );
    for watched in told {
        let all: Vec<i64> = sqlx::query_scalar(
            "select event_id from event where subject_kind = 'organization' and subject_id::text = $1 order by 1",
        )
        .bind(&watched.organization)
        .fetch_all(&world.owner)
        .await
        .unwrap();
        assert_eq!(watched.seen, all, "each event once and in order, however often the stream broke");
    }
    // What a killed worker held waits for its lease to be over, or for its next try.
    world.execute("update job set lease_until = now() where state = 'running'").await;
    world.execute("update job set run_after = now() where state = 'queued'").await;
    let since = Instant::now();
    let unfinished = "select (select count(*) from job where state in ('queued', 'running'))
        + (select count(*) from outbox_event where dispatched_at is null)";
    while world.number(unfinished).await > 0 {
        assert!(since.elapsed() < Duration::from_secs(120), "{:?}", jobs(&world).await);
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(
        world.number("select count(*) from job where state = 'failed'").await,
        0,
        "{:?}",
        jobs(&world).await
    );
    let all = i64::try_from(CUSTOMERS + CAP).unwrap();
    let committed = "select count(*) from event where subject_kind = 'organization' and kind = 'application'
        and payload ->> 'state' = 'committed'";
    for (what, query) in [
        ("orders", "select count(*) from customer_order"),
        ("redemptions", "select count(*) from promo_redemption"),
        ("active Organizations", "select count(*) from organization where state = 'active'"),
        ("Applications in Git", "select count(*) from application where state = 'committed'"),
        ("Applications that were told to be in Git", committed),
    ] {
        assert_eq!(world.number(query).await, all, "{what}");
    }
    let lucky = "select times_redeemed::bigint from promo_code where code = 'LUCKY'";
    assert_eq!(world.number(lucky).await, i64::try_from(CAP).unwrap());
    let slugs: Vec<String> =
        sqlx::query_scalar("select slug from organization").fetch_all(&world.owner).await.unwrap();
    for slug in slugs {
        let repository = world.app.config.git_root.join(format!("{slug}/wordpress.git"));
        let log =
            Command::new("git").arg("-C").arg(repository).args(["rev-list", "--all", "--count"]).output();
        // The one that its branches share, however often it was delivered.
        assert_eq!(String::from_utf8(log.unwrap().stdout).unwrap().trim(), "1", "{slug}");
    }
    world.check_books().await;
}

/// Those that are not done.
async fn jobs(world: &World) -> Vec<(String, String, i32, Option<String>)> {
    sqlx::query_as("select kind, state, attempts, last_error from job where state <> 'done'")
        .fetch_all(&world.owner)
        .await
        .unwrap()
}
