//! What is written to the log, and how.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::reader::{Reader, Variable, variable};

const LOG: Variable = variable(
    "CATALYST_LOG",
    "levels: error, warn, info, debug or trace, alone or a module",
    "info,sqlx=warn",
);
const LOG_FORMAT: Variable = variable("CATALYST_LOG_FORMAT", "text or json", "json");

#[derive(Clone, Debug)]
pub struct Log {
    pub levels: String,
    pub json: bool,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Log {
    Log {
        levels: reader
            .or(LOG, LOG.example.to_owned(), |text| EnvFilter::try_new(text).ok().map(|_| text.to_owned())),
        json: reader.or(LOG_FORMAT, false, |text| match text {
            "json" => Some(true),
            "text" => Some(false),
            _ => None,
        }),
    }
}

impl Log {
    /// Logs go to stderr: stdout is for what a command answers. Once a process.
    pub fn begin(&self) {
        let filter = EnvFilter::try_new(&self.levels).unwrap_or_default();
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        let begun = if self.json { builder.json().try_init() } else { builder.try_init() };
        if begun.is_err() {
            tracing::debug!("the log was begun before");
        }
    }
}
