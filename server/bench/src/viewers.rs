//! Many viewers of one Organization's events on one process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Response, StatusCode, header};
use serde_json::Value;
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::{
    load::{Times, times},
    world::{CUSTOMER, DATABASE, World},
};

pub const VIEWERS: usize = 2000;
pub const EVENTS: u64 = 50;
/// Until each viewer has looked once on its own account.
const SETTLE: Duration = Duration::from_secs(6);
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Viewers {
    /// MB: without viewers, with all of them waiting, and at most.
    pub memory_before: f64,
    pub memory_waiting: f64,
    pub memory_peak: f64,
    /// How much of its core the server used, waiting and while events came.
    pub busy_waiting: f64,
    pub busy: f64,
    /// From the statement that writes an event, its commit included, to a viewer.
    pub delays: Times,
}

pub async fn measure(world: &World) -> Result<Viewers> {
    println!("{VIEWERS} viewers");
    let server = world.serve().await?;
    let organization = world.organization(&server.url).await?;
    let cookie = world.sign_in(&server.url, CUSTOMER).await?;
    let last = world.sql("select max(event_id) from event")?;
    let memory_before = server.memory()?;

    let address = format!("{}/console/organizations/{organization}/events", server.url);
    let client = Client::builder().http1_only().build()?;
    let mut viewers = JoinSet::new();
    for _ in 0..VIEWERS {
        let request = client.get(&address).header(header::COOKIE, &cookie);
        let reply = request.header("last-event-id", last.trim()).send().await?;
        ensure!(reply.status() == StatusCode::OK, "a viewer is refused: {}", reply.status());
        viewers.spawn(view(reply));
    }
    let (cpu, since) = (server.cpu_seconds()?, std::time::Instant::now());
    sleep(SETTLE).await;
    let busy_waiting = (server.cpu_seconds()? - cpu) / since.elapsed().as_secs_f64();
    let memory_waiting = server.memory()?;

    let event = format!(
        "insert into event (subject_kind, subject_id, kind, payload) values ('organization', '{organization}', 'application',
         jsonb_build_object('at', (extract(epoch from clock_timestamp()) * 1000000)::bigint))"
    );
    let (cpu, since) = (server.cpu_seconds()?, std::time::Instant::now());
    let mut delays = times()?;
    let all = async {
        for _ in 0..EVENTS {
            let (postgres, event) = (world.postgres.clone(), event.clone());
            // Elsewhere, so that no viewer waits for psql to end.
            spawn_blocking(move || postgres.psql(DATABASE, &["-qc", &event])).await??;
            sleep(Duration::from_secs(1)).await;
        }
        while let Some(done) = viewers.join_next().await {
            delays.add(done??)?;
        }
        anyhow::Ok(())
    };
    timeout(PATIENCE, all).await.context("not every viewer was told everything")??;
    ensure!(delays.len() == EVENTS * VIEWERS as u64, "{} events arrived", delays.len());
    Ok(Viewers {
        memory_before,
        memory_waiting,
        memory_peak: server.memory_peak()?,
        busy_waiting,
        busy: (server.cpu_seconds()? - cpu) / since.elapsed().as_secs_f64(),
        delays,
    })
}

/// Reads until it was told everything; gives how long each event took.
async fn view(mut reply: Response) -> Result<Times> {
    let mut delays = times()?;
    let mut text = String::new();
    while delays.len() < EVENTS {
        let bytes = reply.chunk().await?.context("the stream ended")?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        text.push_str(std::str::from_utf8(&bytes)?);
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                let data: Value = serde_json::from_str(data)?;
                let at = data["at"].as_i64().context("an event without its time")?;
                delays.record(u64::try_from(now - at)?)?;
            }
            text = rest.to_owned();
        }
    }
    Ok(delays)
}
