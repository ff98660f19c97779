//! Every kind of job that this program works on. A kind that is not here stays in the queue.

use std::time::Duration;

use domain::{
    access::Worker,
    error::Result,
    jobs::{DeliverOrder, OrderMail, PublishEvent, SignInMail, Wanted},
};
use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;

use super::background_job::{BackgroundJob, Outcome};
use crate::app::App;

pub static KINDS: [Kind; 4] = [
    Kind::of::<SignInMail>(),
    Kind::of::<DeliverOrder>(),
    Kind::of::<OrderMail>(),
    Kind::of::<PublishEvent>(),
];

type Run = for<'a> fn(&'a App, &'a Worker, &'a Value) -> BoxFuture<'a, Outcome>;
type GiveUp = for<'a> fn(&'a Worker, &'a mut PgConnection, &'a Value, &'a str) -> BoxFuture<'a, Result<()>>;

/// A `BackgroundJob` whose payload is not read yet.
pub struct Kind {
    pub name: &'static str,
    pub slots: usize,
    pub lease: Duration,
    pub tries: i32,
    pub(super) run: Run,
    pub(super) give_up: GiveUp,
}

impl Kind {
    const fn of<J: BackgroundJob>() -> Self {
        Self {
            name: J::KIND,
            slots: J::SLOTS,
            lease: J::LEASE,
            tries: J::TRIES,
            run: run::<J>,
            give_up: give_up::<J>,
        }
    }

    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    pub(super) fn lease_seconds(&self) -> i32 {
        i32::try_from(self.lease.as_secs()).unwrap_or(i32::MAX)
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted { kind: self.name, lease_seconds: self.lease_seconds() }
    }
}

fn run<'a, J: BackgroundJob>(app: &'a App, worker: &'a Worker, payload: &'a Value) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        match J::deserialize(payload) {
            Ok(job) => job.run(app, worker).await,
            Err(error) => Outcome::GiveUp(format!("the payload is not understood: {error}")),
        }
    })
}

fn give_up<'a, J: BackgroundJob>(
    worker: &'a Worker,
    conn: &'a mut PgConnection,
    payload: &'a Value,
    problem: &'a str,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        match J::deserialize(payload) {
            Ok(job) => job.give_up(worker, conn, problem).await,
            Err(_) => Ok(()),
        }
    })
}
