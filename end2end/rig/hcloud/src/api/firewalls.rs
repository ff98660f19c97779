//! Firewalls: rules, and what they are applied to.
//!
//! Imitated: which fields a rule needs (a port with tcp and udp only, sources with `in`,
//! destinations with `out`), ranges without host bits, at most 50 rules, a firewall in use that is
//! not deleted (`resource_in_use`), application by server and by label selector.

use axum::http::StatusCode;
use ipnet::IpNet;
use serde_json::{Value, json};

use super::body::Body;
use super::error::ApiError;
use super::labels;
use super::store::{Store, Table, Then};

type Result<T> = std::result::Result<T, ApiError>;

pub fn create(store: &mut Store, body: Body) -> Result<Value> {
    let row = json!({
        "name": body.text("name")?, "labels": body.labels()?, "rules": rules(body)?, "selectors": [],
    });
    let id = store.id();
    store.insert(Table::Firewalls, id, row)?;
    let mut actions = vec![store.act("set_firewall_rules", &[(Table::Firewalls, id)], Then::Nothing)];
    if !body.list("apply_to")?.is_empty() {
        change(store, id, body, "apply_to", true)?;
        actions.push(store.act("apply_firewall", &[(Table::Firewalls, id)], Then::Nothing));
    }
    Ok(json!({"firewall": render(store, id)?, "actions": actions}))
}

pub fn render(store: &Store, id: u64) -> Result<Value> {
    let mut row = store.get(Table::Firewalls, id)?.clone();
    let server = |id: u64| json!({"type": "server", "server": {"id": id}});
    let mut applied: Vec<Value> =
        store.all(Table::Servers).filter(|(_, other)| holds(other, id)).map(|(id, _)| server(id)).collect();
    for selector in row["selectors"].as_array().into_iter().flatten() {
        let chosen = labels_choose(store, selector.as_str().unwrap_or_default())?;
        applied.push(json!({
            "type": "label_selector", "label_selector": {"selector": selector},
            "applied_to_resources": chosen.into_iter().map(server).collect::<Vec<_>>(),
        }));
    }
    row["applied_to"] = json!(applied);
    if let Some(map) = row.as_object_mut() {
        map.remove("selectors");
    }
    Ok(row)
}

pub fn delete(store: &Store, id: u64) -> Result<()> {
    let used = render(store, id)?["applied_to"].as_array().is_some_and(|list| !list.is_empty());
    if used {
        return Err(ApiError::new(StatusCode::CONFLICT, "resource_in_use", "firewall is still in use"));
    }
    Ok(())
}

pub fn act(store: &mut Store, id: u64, name: &str, body: Body) -> Result<Value> {
    store.get(Table::Firewalls, id)?;
    let on = [(Table::Firewalls, id)];
    let command = match name {
        "set_rules" => {
            store.get_mut(Table::Firewalls, id)?["rules"] = rules(body)?;
            "set_firewall_rules"
        }
        "apply_to_resources" => {
            change(store, id, body, "apply_to", true)?;
            "apply_firewall"
        }
        "remove_from_resources" => {
            change(store, id, body, "remove_from", false)?;
            "remove_firewall"
        }
        _ => return Err(ApiError::not_found("action", name)),
    };
    Ok(json!([store.act(command, &on, Then::Nothing)]))
}

/// Whether the server holds the firewall by its id.
pub fn holds(server: &Value, firewall: u64) -> bool {
    server["firewalls"].as_array().is_some_and(|list| list.contains(&json!(firewall)))
}

/// All that protects a server: by its id, and by a selector that chooses its labels.
pub fn of_server(store: &Store, server: &Value) -> Vec<u64> {
    store
        .all(Table::Firewalls)
        .filter(|(id, row)| {
            let mut selectors = row["selectors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            holds(server, *id) || selectors.any(|s| labels::matches(s, &server["labels"]).unwrap_or(false))
        })
        .map(|(id, _)| id)
        .collect()
}

fn labels_choose(store: &Store, selector: &str) -> Result<Vec<u64>> {
    let mut chosen = Vec::new();
    for (id, row) in store.all(Table::Servers) {
        if labels::matches(selector, &row["labels"])? {
            chosen.push(id);
        }
    }
    Ok(chosen)
}

fn change(store: &mut Store, id: u64, body: Body, field: &str, apply: bool) -> Result<()> {
    for resource in body.list(field)? {
        let (table, row, key, value) = match Body(resource).one_of("type", &["server", "label_selector"])? {
            "server" => {
                let server = resource["server"]["id"].as_u64().unwrap_or_default();
                (Table::Servers, server, "firewalls", json!(id))
            }
            _ => {
                let selector = resource["label_selector"]["selector"].as_str().unwrap_or_default();
                labels::matches(selector, &Value::Null)?;
                (Table::Firewalls, id, "selectors", json!(selector))
            }
        };
        let list = &mut store.get_mut(table, row)?[key];
        let Some(list) = list.as_array_mut() else { continue };
        match (apply, list.contains(&value)) {
            (true, true) => {
                return Err(ApiError::refused("firewall_already_applied", "firewall is already applied"));
            }
            (false, false) => {
                return Err(ApiError::refused("firewall_already_removed", "firewall is not applied"));
            }
            (true, false) => list.push(value),
            (false, true) => list.retain(|other| *other != value),
        }
    }
    Ok(())
}

fn rules(body: Body) -> Result<Value> {
    let list = body.list("rules")?;
    if list.len() > 50 {
        return Err(ApiError::invalid("rules", "Longer than maximum length 50."));
    }
    list.iter().map(|one| rule(Body(one))).collect()
}

fn rule(body: Body) -> Result<Value> {
    let direction = body.one_of("direction", &["in", "out"])?;
    let protocol = body.one_of("protocol", &["tcp", "udp", "icmp", "esp", "gre"])?;
    let port = body.maybe_text("port")?;
    match (matches!(protocol, "tcp" | "udp"), port) {
        (true, None) => return Err(ApiError::invalid("rules.port", "is required for tcp and udp")),
        (false, Some(_)) => return Err(ApiError::invalid("rules.port", "is for tcp and udp only")),
        (true, Some(port)) if !port_ok(port) => {
            return Err(ApiError::invalid("rules.port", "is not a port, a range of ports or any"));
        }
        _ => {}
    }
    let needed = if direction == "in" { "source_ips" } else { "destination_ips" };
    if body.list(needed)?.is_empty() {
        return Err(ApiError::invalid(&format!("rules.{needed}"), "Missing data for required field."));
    }
    Ok(json!({
        "direction": direction, "protocol": protocol, "port": port,
        "source_ips": ranges(body, "source_ips")?, "destination_ips": ranges(body, "destination_ips")?,
        "description": body.maybe_text("description")?,
    }))
}

fn port_ok(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        _ if text == "any" => true,
        Some((from, to)) => port(from).zip(port(to)).is_some_and(|(from, to)| from <= to),
        None => port(text).is_some(),
    }
}

fn ranges(body: Body, field: &str) -> Result<Vec<String>> {
    let list = body.list(field)?;
    if list.len() > 100 {
        return Err(ApiError::invalid(&format!("rules.{field}"), "Longer than maximum length 100."));
    }
    list.iter()
        .map(|one| {
            let net: Option<IpNet> = one.as_str().and_then(|text| text.parse().ok());
            net.filter(|net| net.trunc() == *net)
                .map(|net| net.to_string())
                .ok_or_else(|| ApiError::invalid(&format!("rules.{field}"), "is not a valid CIDR"))
        })
        .collect()
}
