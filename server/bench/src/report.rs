//! The figures as Markdown, on the screen and in docs/benchmarks.md.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::{
    load::Times,
    orders::{CONNECTIONS, FEW, MANY, Orders, Row},
    pages::{Figures, Pages},
    process::kilobytes,
    tree::Tree,
    viewers::{EVENTS, VIEWERS, Viewers},
    world::World,
};

const DOCUMENT: &str = "docs/benchmarks.md";
/// What is between these lines is written anew by each run.
const BEGIN: &str = "<!-- figures, written by make bench -->\n";
const END: &str = "<!-- end of the figures -->";
const MISSED: &str = "**missed**";

pub struct Report {
    pub orders: Orders,
    pub tree: Tree,
    pub pages: Pages,
    pub viewers: Viewers,
}

impl Report {
    pub fn write(&self, world: &World, root: &Path) -> Result<()> {
        let text = format!(
            "{}\n{}\n{}\n{}\n{}",
            machine(world, root)?,
            self.goals()?,
            self.of_the_orders()?,
            self.of_the_pages()?,
            self.of_the_viewers()?
        );
        println!("\n{text}");
        let path = root.join(DOCUMENT);
        let document = fs::read_to_string(&path)?;
        let (before, rest) = document.split_once(BEGIN).context("the document has no place for figures")?;
        let (_, after) = rest.split_once(END).context("the document has no place for figures")?;
        fs::write(&path, format!("{before}{BEGIN}\n{text}\n{END}{after}"))?;
        ensure!(!text.contains(MISSED), "a goal is missed");
        Ok(())
    }

    fn goals(&self) -> Result<String> {
        let rows = || self.pages.rows.iter().filter(|row| !row.rendered);
        let most = rows().map(|row| row.connections).max().unwrap_or_default();
        let full = rows().filter(|row| !row.steady && row.connections == most);
        let rate = full.map(|row| row.catalyst.a_second).fold(f64::INFINITY, f64::min);
        let steady = rows().filter(|row| row.steady).map(|row| p99(&row.catalyst.times));
        let orders = &self.orders;
        let ratio = orders.rows.iter().map(Row::ratio).fold(f64::INFINITY, f64::min);
        let busiest = orders.rows.iter().filter(|row| Some(&row.connections) == CONNECTIONS.last());
        let longest = busiest.map(|row| p99(&row.times)).fold(0.0, f64::max);
        let growth =
            median(&orders.among_many.times) / orders.rows.first().map_or(0.0, |row| median(&row.times));
        let slowest_list = orders.lists.iter().map(|row| p99(&row.times)).fold(0.0, f64::max);
        let mut text = "| Goal | Figure | Wanted | |\n|---|--:|--:|---|\n".to_owned();
        let slowest_tree = self.tree.slowest.as_secs_f64();
        for (what, figure, wanted, at_least, unit) in [
            ("orders by what the database alone writes, at least", ratio, 0.6, true, ""),
            ("an order with 32 connections, p99", longest, 100.0, false, " ms"),
            ("an order among 1,000,000 customers by one among 1,000, p50", growth, 1.5, false, ""),
            (
                "a page or list among 1,000,000 customers, the slowest one's p99",
                slowest_list,
                50.0,
                false,
                " ms",
            ),
            ("render and audit a tree, ha, the slowest of 20", slowest_tree, 1.0, false, " s"),
            ("the slower page, kept, 32 connections, on one core", rate, 4000.0, true, " a second"),
            (
                "the slower page, kept, at 200 requests a second, p99",
                steady.fold(0.0, f64::max),
                20.0,
                false,
                " ms",
            ),
            ("memory while pages are served, at most", self.pages.memory_peak, 80.0, false, " MB"),
            ("memory with 2,000 viewers, at most", self.viewers.memory_peak, 300.0, false, " MB"),
            ("an event's way to 2,000 viewers, p99", p99(&self.viewers.delays), 250.0, false, " ms"),
        ] {
            let met = if at_least { figure >= wanted } else { figure < wanted };
            let (sign, met) = (if at_least { "≥" } else { "<" }, if met { "met" } else { MISSED });
            writeln!(text, "| {what} | {}{unit} | {sign} {wanted}{unit} | {met} |", number(figure))?;
        }
        writeln!(
            text,
            "\nThe tree has {} files; the median of 20 times is {} s, in two processes, as an administrator \
             calls them.",
            self.tree.files,
            number(self.tree.median.as_secs_f64())
        )?;
        Ok(text)
    }

    fn of_the_orders(&self) -> Result<String> {
        let mut text =
            "| Orders | Connections | a second | the rows alone, a second | ratio | p50 ms | p99 ms |\n\
                        |---|--:|--:|--:|--:|--:|--:|\n"
                .to_owned();
        let few = self.orders.rows.iter().map(|row| (row, FEW));
        for (row, customers) in few.chain([(&self.orders.among_many, MANY)]) {
            writeln!(
                text,
                "| {}, among {customers} customers | {} | {} | {} | {} | {} | {} |",
                if row.hot { "one voucher" } else { "a voucher each" },
                row.connections,
                number(row.catalyst_a_second),
                number(row.limit_a_second),
                number(row.ratio()),
                number(median(&row.times)),
                number(p99(&row.times)),
            )?;
        }
        writeln!(text, "\n| Among {MANY} customers | p50 ms | p99 ms |\n|---|--:|--:|")?;
        for row in &self.orders.lists {
            writeln!(
                text,
                "| {} | {} | {} |",
                row.path,
                number(median(&row.times)),
                number(p99(&row.times))
            )?;
        }
        Ok(text)
    }

    fn of_the_pages(&self) -> Result<String> {
        let mut text = "| Page | Load | Server | a second | busy | a core second | p50 ms | p99 ms | MB |\n\
                        |---|---|---|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
        for row in &self.pages.rows {
            let load = match row.steady {
                true => "200 a second".to_owned(),
                false => format!("{} connections", row.connections),
            };
            let how = if row.rendered { ", for a session" } else { "" };
            let page = format!("{} ({} bytes){how}", row.page, row.bytes);
            for (name, figures) in [("catalyst", &row.catalyst), ("plain axum", &row.plain)] {
                writeln!(text, "| {page} | {load} | {name} | {} |", columns(figures))?;
            }
            let ratio = |of: &dyn Fn(&Figures) -> f64| number(of(&row.catalyst) / of(&row.plain));
            writeln!(
                text,
                "| | | ratio | {} | | {} | {} | {} | {} |",
                ratio(&|figures| figures.a_second),
                ratio(&Figures::a_core_second),
                ratio(&|figures| median(&figures.times)),
                ratio(&|figures| p99(&figures.times)),
                ratio(&|figures| figures.memory),
            )?;
        }
        writeln!(text, "\nMemory of catalyst before the load: {} MB.", number(self.pages.memory_before))?;
        Ok(text)
    }

    fn of_the_viewers(&self) -> Result<String> {
        let viewers = &self.viewers;
        let mut text = String::new();
        writeln!(text, "| {VIEWERS} viewers, {EVENTS} events, one a second | |\n|---|--:|")?;
        for (what, figure, unit) in [
            ("delay, p50", median(&viewers.delays), "ms"),
            ("delay, p99", p99(&viewers.delays), "ms"),
            ("delay, the longest", milliseconds(viewers.delays.max()), "ms"),
            ("memory without viewers", viewers.memory_before, "MB"),
            ("memory while all wait", viewers.memory_waiting, "MB"),
            ("memory at most", viewers.memory_peak, "MB"),
            ("the server's core busy while all wait", viewers.busy_waiting * 100.0, "%"),
            ("the server's core busy while events come", viewers.busy * 100.0, "%"),
        ] {
            writeln!(text, "| {what} | {} {unit} |", number(figure))?;
        }
        Ok(text)
    }
}

fn columns(figures: &Figures) -> String {
    let values = [
        number(figures.a_second),
        format!("{:.0} %", figures.busy * 100.0),
        number(figures.a_core_second()),
        number(median(&figures.times)),
        number(p99(&figures.times)),
        number(figures.memory),
    ];
    values.join(" | ")
}

fn machine(world: &World, root: &Path) -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let models: Vec<&str> = processors.lines().filter(|line| line.starts_with("model name")).collect();
    let model = models.first().and_then(|line| line.split_once(": ")).map_or("unknown", |(_, name)| name);
    let memory = kilobytes(&fs::read_to_string("/proc/meminfo")?, "MemTotal:")? / 1_048_576.0;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let git = Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(root).output()?;
    let commit = String::from_utf8(git.stdout)?;
    Ok(format!(
        "{model}, {} cores, {memory:.0} GiB, Linux {}, PostgreSQL {}; commit {}; `make bench`.\n",
        models.len(),
        kernel.trim(),
        world.sql("show server_version")?.trim(),
        commit.trim()
    ))
}

fn median(times: &Times) -> f64 {
    milliseconds(times.value_at_quantile(0.5))
}

fn p99(times: &Times) -> f64 {
    milliseconds(times.value_at_quantile(0.99))
}

fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

/// Three digits, or all that stand before the point.
fn number(value: f64) -> String {
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}
