//! Whether the worker still turns.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A turn may wait for the database more than once, half a minute each time.
const PATIENCE: Duration = Duration::from_secs(120);

/// One a program; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Heartbeat(Arc<Mutex<Option<Instant>>>);

impl Heartbeat {
    pub fn beat(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// No: a worker was begun, and has not turned for so long that it never will.
    pub fn is_alive(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| last.elapsed() < PATIENCE)
    }
}
