//! Figures of all there is, which take the longer the more there is: counted in the background, by one task of the
//! program at a time, and kept until they are counted again.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use tokio::{sync::watch, time::timeout};

use crate::{db, error::Result};

const COUNTING_MAX: Duration = Duration::from_secs(30);

/// Figures and when they were counted.
#[derive(Clone, Debug)]
pub struct Counted<T> {
    pub figures: T,
    pub at: OffsetDateTime,
    took: Duration,
}

/// How long somebody waits for figures.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Where there are none yet.
    pub first: Duration,
    /// Where there are some, and newer ones are likely to be there in this time.
    pub newer: Duration,
}

/// One for each kind of figures, in an `Arc`.
#[derive(Debug)]
pub struct Figures<T> {
    /// Counting takes at most one part of so many of the time, whoever asks how often.
    parts: u32,
    last: watch::Sender<Option<Counted<T>>>,
    /// When they may be counted again.
    next: Mutex<Option<Instant>>,
}

impl<T> Default for Figures<T> {
    /// Counted in a hundredth of the time.
    fn default() -> Self {
        Self::one_part_of(100)
    }
}

impl<T> Figures<T> {
    /// Counting them is to take at most one part of so many of the time.
    pub fn one_part_of(parts: u32) -> Self {
        Self { parts, last: watch::Sender::new(None), next: Mutex::new(None) }
    }
}

impl<T: Clone + Send + Sync + 'static> Figures<T> {
    /// The figures as they were counted last. Has them counted by `count` if it is time; that goes on when nobody waits
    /// any longer. None: there are none yet. Whoever waits holds no connection.
    pub async fn read(
        self: &Arc<Self>,
        count: impl Future<Output = Result<T>> + Send + 'static,
        patience: Patience,
    ) -> Option<Counted<T>> {
        let mut told = self.last.subscribe();
        let last = told.borrow_and_update().clone();
        let begun = self.may_count();
        if begun {
            let figures = Arc::clone(self);
            tokio::spawn(async move { figures.count(count).await });
        }
        let wait = match &last {
            None => patience.first,
            Some(last) if begun && last.took <= patience.newer => patience.newer,
            Some(_) => return last,
        };
        timeout(wait, told.changed()).await.ok();
        told.borrow().clone()
    }

    /// Whether nobody counts, and counting has taken no more than its share.
    fn may_count(&self) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let may = next.is_none_or(|next| next <= Instant::now());
        if may {
            *next = Some(Instant::now() + COUNTING_MAX * self.parts);
        }
        may
    }

    async fn count(&self, count: impl Future<Output = Result<T>>) {
        let (began, at) = (Instant::now(), OffsetDateTime::now_utc());
        let counted = db::within(COUNTING_MAX, count).await;
        let took = began.elapsed();
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + took * self.parts);
        match counted {
            Ok(figures) => {
                self.last.send_replace(Some(Counted { figures, at, took }));
            }
            Err(error) => tracing::warn!(%error, "figures were not counted; the last ones are told"),
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Patience = Patience { first: Duration::from_secs(10), newer: Duration::from_millis(20) };

    fn counter(counts: &Arc<AtomicU32>, takes: Duration) -> impl Future<Output = Result<u32>> + use<> {
        let counts = counts.clone();
        async move {
            let count = counts.fetch_add(1, Ordering::Relaxed);
            sleep(takes).await;
            Ok(count)
        }
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_counts_and_all_are_told() {
        let (figures, counts) = (Arc::new(Figures::default()), Arc::default());
        let slow = Duration::from_millis(50);
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let (figures, count) = (figures.clone(), counter(&counts, slow));
                tokio::spawn(async move { figures.read(count, PATIENCE).await })
            })
            .collect();
        for told in asked {
            assert_eq!(told.await.unwrap().unwrap().figures, 0);
        }
        assert_eq!(counts.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_newer_figures_that_take_long_and_they_come_all_the_same() {
        let (figures, counts) = (Arc::new(Figures::default()), Arc::default());
        let slow = Duration::from_millis(50);
        figures.read(counter(&counts, slow), PATIENCE).await.unwrap();
        *figures.next.lock().unwrap() = None;
        let began = Instant::now();
        assert_eq!(figures.read(counter(&counts, slow), PATIENCE).await.unwrap().figures, 0);
        assert!(began.elapsed() < slow);
        let mut told = figures.last.subscribe();
        told.wait_for(|last| last.as_ref().is_some_and(|last| last.figures == 1)).await.unwrap();
    }

    #[tokio::test]
    async fn figures_that_are_quick_to_count_are_told_as_they_are_now() {
        let (figures, counts) = (Arc::new(Figures::default()), Arc::default());
        for expected in 0..3 {
            *figures.next.lock().unwrap() = None;
            let told = figures.read(counter(&counts, Duration::ZERO), PATIENCE).await.unwrap();
            assert_eq!(told.figures, expected);
        }
    }

    #[tokio::test]
    async fn a_count_that_failed_leaves_the_last_figures() {
        let (figures, counts) = (Arc::new(Figures::default()), Arc::default());
        figures.read(counter(&counts, Duration::ZERO), PATIENCE).await.unwrap();
        *figures.next.lock().unwrap() = None;
        let told = figures.read(async { Err(crate::error::Error::Internal) }, PATIENCE).await.unwrap();
        assert_eq!(told.figures, 0);
    }
}
