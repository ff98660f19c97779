//! Orders over HTTP, beside pgbench calling a function that writes the same rows: what the database alone can do. Both
//! have both cores, one after the other.

use std::{collections::BTreeMap, fs, process::Command, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::{
    lists,
    load::{Load, Times},
    world::{DATABASE, World},
};

const SCHEMA: [(&str, &str); 2] =
    [("orders.sql", include_str!("orders.sql")), ("history.sql", include_str!("history.sql"))];
pub const CONNECTIONS: [usize; 2] = [8, 32];
const WARM_UP: Duration = Duration::from_secs(2);
const LASTING: Duration = Duration::from_secs(10);
/// Who orders, each once; twice as many as are needed at the speeds of today.
const CUSTOMERS: u32 = 200_000;
/// How many have ordered before, at first and in the end.
pub const FEW: u32 = 1_000;
pub const MANY: u32 = 1_000_000;

pub struct Orders {
    pub rows: Vec<Row>,
    /// The first row's load again, among many customers.
    pub among_many: Row,
    /// What people look at then.
    pub lists: Vec<lists::Row>,
}

pub struct Row {
    /// One voucher for all, or one for each.
    pub hot: bool,
    pub connections: usize,
    pub catalyst_a_second: f64,
    pub times: Times,
    pub limit_a_second: f64,
}

impl Row {
    pub fn ratio(&self) -> f64 {
        self.catalyst_a_second / self.limit_a_second
    }
}

type Rows = BTreeMap<String, i64>;

pub async fn measure(world: &World) -> Result<Orders> {
    let settings = [
        ("CATALYST_WORKER", "off"),
        ("CATALYST_LIMIT_REDEMPTIONS_PER_IP", "1000000/1h"),
        ("CATALYST_LIMIT_REDEMPTIONS_PER_ACCOUNT", "1000000/1h"),
    ];
    let visitors = lists::sign_in(world).await?;
    let server = world.serve_with(&settings).await?;
    for (name, schema) in SCHEMA {
        let file = world.folder.join(name);
        fs::write(&file, schema)?;
        world.postgres.psql(DATABASE, &["-qf", &file.display().to_string()])?;
    }
    world.sql(&format!("call bench.add_customers(1, {CUSTOMERS})"))?;
    world.sql(
        "insert into promo_code (promo_code_id, code, credit_minor, currency, active, max_redemptions) \
               values (gen_random_uuid(), 'HOT', 20000, 'OMR', true, 0)",
    )?;
    world.sql(&format!("call bench.add_history(1, {FEW})"))?;
    // Plans that are kept are made for tables of this size.
    world.sql("vacuum analyze")?;
    let mut bench = Bench { world, url: server.url.clone(), next: 0 };
    bench.same_rows().await?;
    let mut rows = Vec::new();
    for hot in [true, false] {
        for connections in CONNECTIONS {
            rows.push(bench.row(hot, connections).await?);
        }
    }
    println!("history of {MANY} customers");
    world.sql(&format!("call bench.add_history({FEW} + 1, {MANY})"))?;
    world.sql("vacuum analyze")?;
    let among_many = bench.row(true, CONNECTIONS[0]).await?;
    let lists = lists::measure(world, &server.url, &visitors).await?;
    Ok(Orders { rows, among_many, lists })
}

struct Bench<'a> {
    world: &'a World,
    url: String,
    /// Customers that have ordered over HTTP.
    next: u32,
}

impl Bench<'_> {
    async fn row(&mut self, hot: bool, connections: usize) -> Result<Row> {
        println!("orders, {connections} connections, {}", if hot { "one voucher" } else { "a voucher each" });
        self.world.sql("checkpoint")?;
        self.over_http(hot, connections, WARM_UP).await?;
        let (a_second, times) = self.over_http(hot, connections, LASTING).await?;
        self.world.sql("checkpoint")?;
        self.by_the_function(hot, connections, WARM_UP)?;
        let limit_a_second = self.by_the_function(hot, connections, LASTING)?;
        let p99 = times.value_at_quantile(0.99) as f64 / 1000.0;
        println!("  {a_second:.0} a second, p99 {p99:.0} ms; the rows alone, {limit_a_second:.0}");
        Ok(Row { hot, connections, catalyst_a_second: a_second, times, limit_a_second })
    }

    async fn over_http(&mut self, hot: bool, connections: usize, lasting: Duration) -> Result<(f64, Times)> {
        let (url, first) = (format!("{}/billing/checkout", self.url), self.next);
        let ask = move |client: &reqwest::Client, number: u32| {
            // Odd customers are the function's.
            let customer = 2 * (first + number) + 2;
            let order = json!({
                "plan_id": "s", "apps": ["wordpress"], "addons": [],
                "promo_code": if hot { "HOT".to_owned() } else { format!("ONE{customer}") },
                "organization": { "name": "Bench", "slug": format!("bench{customer}") },
            });
            let request = client.post(&url).bearer_auth(format!("cat_bench{customer}"));
            request.header("idempotency-key", "bench").json(&order)
        };
        let measured = Load { ask: Arc::new(ask), connections, every: None, lasting }.run().await?;
        self.next += u32::try_from(measured.times.len())? + u32::try_from(connections)?;
        ensure!(2 * self.next + 2 < CUSTOMERS, "more orders than customers");
        Ok((measured.times.len() as f64 / measured.seconds, measured.times))
    }

    /// Calls a second.
    fn by_the_function(&self, hot: bool, clients: usize, lasting: Duration) -> Result<f64> {
        let script = self.world.folder.join("place.sql");
        fs::write(&script, format!("select bench.place({hot});\n"))?;
        let output = Command::new(local_postgres::program("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--client", &clients.to_string(), "--file"])
            .arg(&script)
            .args(["--time", &lasting.as_secs().to_string(), "--username=catalyst", "--host"])
            .arg(self.world.postgres.socket_folder())
            .arg(DATABASE)
            .output()
            .context("pgbench did not run; it comes with the server")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = !output.status.success() || !said.contains("failed transactions: 0 ");
        ensure!(!failed, "pgbench: {said}{}", String::from_utf8_lossy(&output.stderr));
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split_whitespace().next()).context("pgbench gives no rate")?;
        Ok(rate.parse()?)
    }

    /// Fails where the function writes other rows than an order does.
    async fn same_rows(&mut self) -> Result<()> {
        let before = self.counted()?;
        let (_, times) = self.over_http(true, 1, Duration::from_millis(100)).await?;
        let between = self.counted()?;
        let orders = i64::try_from(times.len())?;
        for _ in 0..orders {
            self.world.sql("select bench.place(true)")?;
        }
        let after = self.counted()?;
        for (table, count) in &after {
            let [order, function] = [between[table] - before[table], count - between[table]];
            ensure!(
                order == function,
                "{orders} orders write {order} rows of {table}, the function {function}"
            );
        }
        Ok(())
    }

    fn counted(&self) -> Result<Rows> {
        Ok(serde_json::from_str(&self.world.sql("select bench.rows()")?)?)
    }
}
