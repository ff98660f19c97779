//! One binary of integration tests: the real router on a real PostgreSQL, a database for each test.
//! Files are named after features; tests are sentences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

mod audit;
mod backup;
mod catalog;
mod checkout;
mod cluster_cli;
mod database_hangs;
mod database_tls;
mod events;
mod forms;
mod jobs;
mod kill;
mod ledger;
mod lists;
mod live;
mod metrics;
mod migrations;
mod nginx;
mod order_form;
mod orders;
mod page_cache;
mod policy;
mod program;
mod proxy;
mod races;
mod replicas;
mod rest_input;
mod rest_money;
mod secrets;
mod sessions;
mod settings;
mod sign_in;
mod traces;
mod upgrade;
mod upkeep;
mod vouchers;
mod wakeups;
