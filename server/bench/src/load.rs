//! Asks over and over on a fixed number of connections, and keeps each answer's time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use reqwest::{Client, RequestBuilder, StatusCode};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// Times in microseconds.
pub type Times = Histogram<u64>;

/// Up to a minute, three digits exact.
pub fn times() -> Result<Times> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

pub type Ask = dyn Fn(&Client, u32) -> RequestBuilder + Send + Sync;

#[derive(Clone)]
pub struct Load {
    /// Makes a request of its number, which begins at 0.
    pub ask: Arc<Ask>,
    pub connections: usize,
    /// One request each so long, whether or not the last was answered. None: the next follows the answer.
    pub every: Option<Duration>,
    pub lasting: Duration,
}

pub struct Measured {
    pub seconds: f64,
    pub times: Times,
}

impl Load {
    pub async fn run(&self) -> Result<Measured> {
        let started = Instant::now();
        let number = Arc::new(AtomicU32::new(0));
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            connections.spawn(self.clone().connection(started, Arc::clone(&number)));
        }
        let mut times = times()?;
        while let Some(done) = connections.join_next().await {
            times.add(done??)?;
        }
        Ok(Measured { seconds: started.elapsed().as_secs_f64(), times })
    }

    /// A request that waited for a connection counts from when it was due, not from when it was sent.
    async fn connection(self, started: Instant, number: Arc<AtomicU32>) -> Result<Times> {
        // A client of its own keeps one connection open.
        let client = Client::builder().http1_only().build()?;
        let mut times = times()?;
        loop {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let due = match self.every {
                Some(every) => started + every * number,
                None => Instant::now(),
            };
            if due >= started + self.lasting {
                return Ok(times);
            }
            if self.every.is_some() {
                sleep_until(due).await;
            }
            let reply = (self.ask)(&client, number).send().await?;
            let (status, url) = (reply.status(), reply.url().clone());
            let body = reply.bytes().await?;
            let good = status == StatusCode::OK && !body.is_empty();
            ensure!(good, "{url}: {status} {}", String::from_utf8_lossy(&body));
            times.record(u64::try_from(due.elapsed().as_micros())?)?;
        }
    }
}
