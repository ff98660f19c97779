//! Pages of the server, beside a plain handler that sends the same bytes: kept ones, as visitors without a session
//! get them, and ones rendered for somebody with a session.

use std::{process::Command, sync::Arc, time::Duration};

use anyhow::Result;
use reqwest::{Client, header};

use crate::{
    load::{Load, Times},
    process::Process,
    world::{CUSTOMER, World, free_address},
};

pub const PAGES: [&str; 2] = ["/plans", "/apps"];
const CONNECTIONS: [usize; 3] = [1, 8, 32];
/// What a server bears for long: 200 requests a second.
const STEADY: Duration = Duration::from_millis(5);
const STEADY_CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(1);
const LASTING: Duration = Duration::from_secs(8);

pub struct Pages {
    pub rows: Vec<Row>,
    /// MB, after the first answer and at most.
    pub memory_before: f64,
    pub memory_peak: f64,
}

/// One load on both servers, one after the other.
pub struct Row {
    pub page: &'static str,
    pub bytes: usize,
    pub connections: usize,
    pub steady: bool,
    /// Rendered for a session.
    pub rendered: bool,
    pub catalyst: Figures,
    pub plain: Figures,
}

pub struct Figures {
    pub a_second: f64,
    /// How much of its core the server used.
    pub busy: f64,
    pub times: Times,
    pub memory: f64,
}

impl Figures {
    /// Requests for each second of the server's CPU time.
    pub fn a_core_second(&self) -> f64 {
        self.a_second / self.busy
    }
}

pub async fn measure(world: &World) -> Result<Pages> {
    let catalyst = world.serve().await?;
    let address = free_address()?;
    let mut plain = Command::new(std::env::current_exe()?);
    plain.args(["plain", &address, &catalyst.url]);
    let plain =
        Process::start(&plain, format!("http://{address}"), PAGES[0], &world.folder.join("plain.log"))
            .await?;
    let memory_before = catalyst.memory()?;
    let cookie = world.sign_in(&catalyst.url, CUSTOMER).await?;
    let loads = CONNECTIONS.map(|connections| (connections, None));
    let loads = loads.into_iter().chain([(STEADY_CONNECTIONS, Some(STEADY))]);
    let mut rows = Vec::new();
    for (page, cookie) in
        PAGES.map(|page| (page, None)).into_iter().chain(PAGES.map(|page| (page, Some(&cookie))))
    {
        let bytes = reqwest::get(format!("{}{page}", catalyst.url)).await?.bytes().await?.len();
        for (connections, every) in loads.clone() {
            println!(
                "{page}, {connections} connections{}",
                if cookie.is_some() { ", with a session" } else { "" }
            );
            let load = |process: &Process| {
                let (url, cookie) = (format!("{}{page}", process.url), cookie.cloned());
                let ask = move |client: &Client, _| {
                    let request = client.get(&url);
                    cookie.iter().fold(request, |request, cookie| request.header(header::COOKIE, cookie))
                };
                Load { ask: Arc::new(ask), connections, every, lasting: LASTING }
            };
            rows.push(Row {
                page,
                bytes,
                connections,
                steady: every.is_some(),
                rendered: cookie.is_some(),
                catalyst: under_load(&catalyst, load(&catalyst)).await?,
                plain: under_load(&plain, load(&plain)).await?,
            });
        }
    }
    Ok(Pages { rows, memory_before, memory_peak: catalyst.memory_peak()? })
}

async fn under_load(process: &Process, load: Load) -> Result<Figures> {
    Load { lasting: WARM_UP, ..load.clone() }.run().await?;
    let before = process.cpu_seconds()?;
    let measured = load.run().await?;
    let busy = (process.cpu_seconds()? - before) / measured.seconds;
    let a_second = measured.times.len() as f64 / measured.seconds;
    Ok(Figures { a_second, busy, times: measured.times, memory: process.memory()? })
}
