//! Work after the commit: one file a job, and the worker that takes them from the queue.

mod background_job;
pub mod deliver_order;
mod mail_body;
mod order_mail;
mod publish_event;
mod registry;
mod runner;
mod sign_in_mail;
mod worker;

pub use background_job::{BackgroundJob, Outcome};
pub use registry::{KINDS, Kind};
pub use runner::{run, sweep};
pub use worker::run_until_idle;
