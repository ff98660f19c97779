//! Everything that touches the world: settings, HTTP, sign-in, jobs. What the product is about is in
//! `domain`, its pages are in `app`. Each module uses those below it:
//! `cli` → `web` → `jobs` → `app` → `config`, `database`, `wakeups` and what else stands on the ground.

pub mod app;
pub mod cli;
pub mod config;
pub mod database;
pub mod heartbeat;
pub mod jobs;
pub mod metrics;
pub mod shutdown;
pub mod traces;
pub mod wakeups;
pub mod web;

pub use app::App;
pub use config::Config;
