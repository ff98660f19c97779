//! What exists at the cloud: rows by table, actions that take their time, addresses.
//!
//! Imitated: ids that only rise, names unique per table, actions that are `running` for a while and
//! then `success` with the progress between, objects that persist a moment after their DELETE was
//! answered. A change takes effect at once; what waits for its action is a server's status and the
//! lock on the object that the action works on.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::ApiError;
use super::settings::Settings;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    Firewalls,
    LoadBalancers,
    Networks,
    PlacementGroups,
    Servers,
    SshKeys,
}

impl Table {
    pub const ALL: [Table; 6] = [
        Table::Firewalls,
        Table::LoadBalancers,
        Table::Networks,
        Table::PlacementGroups,
        Table::Servers,
        Table::SshKeys,
    ];

    pub fn plural(self) -> &'static str {
        match self {
            Table::Firewalls => "firewalls",
            Table::LoadBalancers => "load_balancers",
            Table::Networks => "networks",
            Table::PlacementGroups => "placement_groups",
            Table::Servers => "servers",
            Table::SshKeys => "ssh_keys",
        }
    }

    pub fn singular(self) -> &'static str {
        self.plural().trim_end_matches('s')
    }

    pub fn of(plural: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.plural() == plural)
    }
}

/// What happens when an action's time is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    Nothing,
    Status(&'static str),
    Gone,
}

#[derive(Clone, Debug)]
pub struct Action {
    pub id: u64,
    pub command: &'static str,
    pub on: Vec<(Table, u64)>,
    started: OffsetDateTime,
    begun: Instant,
    takes: Duration,
    finished: Option<OffsetDateTime>,
    then: Then,
}

impl Action {
    pub fn json(&self) -> Value {
        let done = self.finished.is_some();
        let share = self.begun.elapsed().as_secs_f64() / self.takes.as_secs_f64().max(0.001);
        let progress = if done { 100 } else { (share * 100.0).min(99.0) as u64 };
        json!({
            "id": self.id,
            "command": self.command,
            "status": if done { "success" } else { "running" },
            "progress": progress,
            "started": stamp(self.started),
            "finished": self.finished.map(stamp),
            "resources": self.on.iter().map(|(table, id)| json!({"id": id, "type": table.singular()})).collect::<Vec<_>>(),
            "error": null,
        })
    }
}

#[derive(Debug, Default)]
pub struct Store {
    pub settings: Settings,
    rows: BTreeMap<(Table, u64), Value>,
    /// What was asked at creation and is never shown again: a server's user_data and keys.
    pub asked: BTreeMap<u64, Value>,
    actions: BTreeMap<u64, Action>,
    vanishing: Vec<(Instant, Table, u64)>,
    last_id: u64,
    last_address: u32,
}

impl Store {
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Ends what is due. Called before every request.
    pub fn tick(&mut self) {
        let now = Instant::now();
        let due: Vec<u64> = self
            .actions
            .values()
            .filter(|action| action.finished.is_none() && action.begun + action.takes <= now)
            .map(|action| action.id)
            .collect();
        for id in due {
            let Some(action) = self.actions.get_mut(&id) else {
                continue;
            };
            action.finished = Some(OffsetDateTime::now_utc());
            let (then, on) = (action.then.clone(), action.on.first().copied());
            match (then, on) {
                (Then::Status(status), Some((table, id))) => {
                    if let Some(row) = self.rows.get_mut(&(table, id)) {
                        row["status"] = json!(status);
                    }
                }
                (Then::Gone, Some((table, id))) => self.vanish(table, id),
                _ => {}
            }
        }
        let (gone, still): (Vec<_>, Vec<_>) = self.vanishing.drain(..).partition(|(at, ..)| *at <= now);
        self.vanishing = still;
        for (_, table, id) in gone {
            self.rows.remove(&(table, id));
            self.asked.remove(&id);
        }
    }

    pub fn id(&mut self) -> u64 {
        self.last_id += 1;
        1_000 + self.last_id
    }

    /// A public address from the block kept for benchmarks (RFC 2544), never routed.
    pub fn public_address(&mut self) -> Ipv4Addr {
        self.last_address += 1;
        Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + self.last_address)
    }

    pub fn all(&self, table: Table) -> impl Iterator<Item = (u64, &Value)> {
        self.rows.range((table, 0)..=(table, u64::MAX)).map(|((_, id), row)| (*id, row))
    }

    pub fn each_mut(&mut self, table: Table) -> impl Iterator<Item = (u64, &mut Value)> {
        self.rows.range_mut((table, 0)..=(table, u64::MAX)).map(|((_, id), row)| (*id, row))
    }

    pub fn get(&self, table: Table, id: u64) -> Result<&Value, ApiError> {
        self.rows.get(&(table, id)).ok_or_else(|| ApiError::not_found(table.singular(), id))
    }

    pub fn get_mut(&mut self, table: Table, id: u64) -> Result<&mut Value, ApiError> {
        self.rows.get_mut(&(table, id)).ok_or_else(|| ApiError::not_found(table.singular(), id))
    }

    /// Keeps a new row; its name must be free and the project's limit not reached.
    pub fn insert(&mut self, table: Table, id: u64, mut row: Value) -> Result<(), ApiError> {
        self.free_name(table, id, row["name"].as_str().unwrap_or_default())?;
        let limit = self.settings.limits.get(table.plural());
        if limit.is_some_and(|limit| self.all(table).count() >= *limit) {
            return Err(ApiError::limit(table.singular()));
        }
        row["id"] = json!(id);
        row["created"] = json!(stamp(OffsetDateTime::now_utc()));
        self.rows.insert((table, id), row);
        Ok(())
    }

    /// What is being deleted still holds its name.
    pub fn free_name(&self, table: Table, id: u64, name: &str) -> Result<(), ApiError> {
        if self.all(table).any(|(other, row)| other != id && row["name"] == name) {
            return Err(ApiError::taken("name"));
        }
        Ok(())
    }

    /// Removes the row, after the settings' while.
    pub fn vanish(&mut self, table: Table, id: u64) {
        let at = Instant::now() + Duration::from_millis(self.settings.linger_ms);
        self.vanishing.push((at, table, id));
    }

    pub fn is_vanishing(&self, table: Table, id: u64) -> bool {
        self.vanishing.iter().any(|(_, t, i)| (*t, *i) == (table, id))
    }

    pub fn act(&mut self, command: &'static str, on: &[(Table, u64)], then: Then) -> Value {
        let id = self.id();
        let action = Action {
            id,
            command,
            on: on.to_vec(),
            started: OffsetDateTime::now_utc(),
            begun: Instant::now(),
            takes: Duration::from_millis(self.settings.action_ms),
            finished: None,
            then,
        };
        let json = action.json();
        self.actions.insert(id, action);
        json
    }

    /// Refuses while an action works on the object or its deletion was answered. A server says
    /// `locked`; networks and load balancers say `conflict`, which clients try again.
    pub fn unlocked(&self, table: Table, id: u64) -> Result<(), ApiError> {
        self.get(table, id)?;
        let busy = self
            .actions
            .values()
            .any(|action| action.finished.is_none() && action.on.first() == Some(&(table, id)));
        if !busy && !self.is_vanishing(table, id) {
            return Ok(());
        }
        Err(match table {
            Table::Servers => ApiError::new(StatusCode::LOCKED, "locked", "server is locked"),
            _ => ApiError::new(
                StatusCode::CONFLICT,
                "conflict",
                format!("{} is being changed", table.singular()),
            ),
        })
    }

    pub fn action(&self, id: u64) -> Result<&Action, ApiError> {
        self.actions.get(&id).ok_or_else(|| ApiError::not_found("action", id))
    }

    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.values()
    }
}

fn stamp(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}
