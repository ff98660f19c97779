//! What a test may turn: how long actions take, how long the deleted stays, limits, faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long an action is `running`.
    pub action_ms: u64,
    /// How long an object stays after its DELETE was answered.
    pub linger_ms: u64,
    /// Objects per project, by table, as `{"servers": 5}`.
    pub limits: BTreeMap<String, usize>,
    /// Requests in an hour, as documented for a project.
    pub rate_limit: u32,
    /// Requests that come back each second. Documented: one.
    pub rate_refill_per_second: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            action_ms: 30,
            linger_ms: 0,
            limits: BTreeMap::new(),
            rate_limit: 3600,
            rate_refill_per_second: 1.0,
        }
    }
}

/// The next `times` requests of a kind do not go well.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub method: String,
    /// The path behind `/v1`; `*` stands for one segment.
    pub path: String,
    #[serde(default = "once")]
    pub times: u32,
    /// How many such requests go well before.
    #[serde(default)]
    pub after: u32,
    /// Below 400: the request goes well after all, and is only slow.
    #[serde(default = "unavailable")]
    pub status: u16,
    #[serde(default = "service_error")]
    pub code: String,
    /// The work is done, and only the answer is lost.
    #[serde(default)]
    pub answer_lost: bool,
    #[serde(default)]
    pub delay_ms: u64,
}

fn once() -> u32 {
    1
}

fn unavailable() -> u16 {
    503
}

fn service_error() -> String {
    "service_error".to_owned()
}

impl Fault {
    pub fn fits(&self, method: &str, path: &[&str]) -> bool {
        let wanted: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        self.method == method
            && wanted.len() == path.len()
            && wanted.iter().zip(path).all(|(a, b)| *a == "*" || a == b)
    }
}
