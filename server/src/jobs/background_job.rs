//! What a job is to the worker.

use std::{future::Future, time::Duration};

use adapters::mail::MailError;
use domain::{
    access::Worker,
    error::{Error, Result},
    jobs::Payload,
};
use sqlx::PgConnection;

use crate::app::App;

/// How a try of a job ended. Texts are for operators and hold no secret.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// Perhaps it works later.
    Retry(String),
    /// It never will.
    GiveUp(String),
    /// The program ends; the try does not count.
    Interrupted,
}

impl Outcome {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(_) => "retry",
            Self::GiveUp(_) => "given_up",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Errors of the database and the like are worth another try.
impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Retry(error.to_string())
    }
}

/// The words are ours: a server's answer may name the address.
impl From<MailError> for Outcome {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Refused(_) => Self::GiveUp("the mail server refuses the mail".to_owned()),
            _ => Self::Retry("the mail was not sent".to_owned()),
        }
    }
}

/// The work of a payload.
///
/// What a try starts ends with it: when its lease is lost or the program ends, the future of `run` is dropped. So it
/// spawns tasks in a `JoinSet` only, and child processes with `kill_on_drop`.
pub trait BackgroundJob: Payload {
    /// How many of the kind a process works on at once. A kind that waits for others takes no other kind's place.
    const SLOTS: usize;
    /// How long its holder may be silent before another worker takes it over; renewed three times in that time.
    const LEASE: Duration = Duration::from_secs(60);
    /// A `Retry` of the last try gives it up. The first ten tries take a quarter of an hour, each other ten minutes.
    const TRIES: i32 = 20;

    /// One try. Safe to repeat: a worker may be killed anywhere.
    fn run(&self, app: &App, worker: &Worker) -> impl Future<Output = Outcome> + Send;

    /// What people are to see once it is given up. Safe to repeat.
    fn give_up(
        &self,
        _worker: &Worker,
        _conn: &mut PgConnection,
        _problem: &str,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}
