//! Servers.
//!
//! Imitated: what creation needs and refuses (a hostname, a type that the location offers, an image
//! of the type's architecture, user_data up to 32 KiB, at most ten servers in a spread group), the
//! way from `initializing` to `running`, power, change of type while off, networks, protection.
//! Not imitated: backups, ISOs, rescue, rebuild, volumes, metrics, consoles.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::body::Body;
use super::error::ApiError;
use super::store::{Store, Table, Then};
use super::{catalog, firewalls, labels, networks, small};

type Result<T> = std::result::Result<T, ApiError>;

const USER_DATA_BYTES: usize = 32 * 1024;

pub fn create(store: &mut Store, body: Body) -> Result<Value> {
    let name = body.text("name")?;
    hostname(name)?;
    let kind = body.get("server_type").and_then(|wanted| catalog::find(catalog::server_types(), wanted));
    let kind = kind.ok_or_else(|| ApiError::invalid("server_type", "server type does not exist"))?;
    // Without one the first of all.
    let place = body.maybe_text("location")?.unwrap_or("fsn1");
    let location = catalog::location(Some(place), None)
        .ok_or_else(|| ApiError::invalid("location", "location does not exist"))?;
    if !catalog::offered(&kind, place) {
        return Err(ApiError::invalid("server_type", "unsupported location for server type"));
    }
    let image =
        body.get("image").ok_or_else(|| ApiError::invalid("image", "Missing data for required field."))?;
    let fitting = catalog::images().into_iter().filter(|one| one["architecture"] == kind["architecture"]);
    let image = catalog::find(fitting.collect(), image)
        .ok_or_else(|| ApiError::invalid("image", "image does not exist for the architecture"))?;
    let user_data = body.maybe_text("user_data")?.unwrap_or_default();
    if user_data.len() > USER_DATA_BYTES {
        return Err(ApiError::invalid("user_data", "Longer than maximum length 32768."));
    }
    let group = body.maybe_number("placement_group")?;
    if let Some(group) = group {
        small::room(store, group)?;
    }
    let keys = ssh_keys(store, body)?;
    let mut walls = Vec::new();
    for entry in body.list("firewalls")? {
        let wall = Body(entry).number("firewall")?;
        store.get(Table::Firewalls, wall)?;
        walls.push(wall);
    }
    let public = body.get("public_net").cloned().unwrap_or_default();
    let (ipv4, ipv6) = public_net(store, &public)?;
    let start = body.flag("start_after_create", true)?;

    let id = store.id();
    let row = json!({
        "name": name, "labels": body.labels()?, "status": "initializing", "server_type": kind, "image": image,
        "location": location, "ipv4": ipv4, "ipv6": ipv6,
        "private_net": [], "firewalls": walls, "placement_group": group,
        "protection": {"delete": false, "rebuild": false}, "primary_disk_size": kind["disk"],
    });
    store.insert(Table::Servers, id, row)?;
    store.asked.insert(id, json!({"user_data": user_data, "ssh_keys": keys}));
    for network in body.list("networks")? {
        let network =
            network.as_u64().ok_or_else(|| ApiError::invalid("networks", "Not a valid integer."))?;
        attach(store, id, network, None)?;
    }
    let on = [(Table::Servers, id)];
    let after = if start { "starting" } else { "off" };
    let action = store.act("create_server", &on, Then::Status(after));
    let mut next = Vec::new();
    if start {
        next.push(store.act("start_server", &on, Then::Status("running")));
    }
    let password = if keys.is_empty() { json!("a-password-by-mail") } else { Value::Null };
    Ok(
        json!({"server": render(store, id)?, "action": action, "next_actions": next, "root_password": password}),
    )
}

fn ssh_keys(store: &Store, body: Body) -> Result<Vec<u64>> {
    body.list("ssh_keys")?
        .iter()
        .map(|wanted| {
            let number = wanted.as_u64().or_else(|| wanted.as_str()?.parse().ok());
            store
                .all(Table::SshKeys)
                .find(|(id, row)| Some(*id) == number || *wanted == row["name"])
                .map(|(id, _)| id)
                .ok_or_else(|| ApiError::invalid("ssh_keys", "SSH key not found"))
        })
        .collect()
}

fn public_net(store: &mut Store, asked: &Value) -> Result<(Value, Value)> {
    let body = Body(asked);
    let mut ipv4 = Value::Null;
    if body.flag("enable_ipv4", true)? {
        let ip = store.public_address().to_string();
        let name = format!("static.{ip}.example");
        ipv4 = json!({"id": store.id(), "ip": ip, "blocked": false, "dns_ptr": name});
    }
    let mut ipv6 = Value::Null;
    if body.flag("enable_ipv6", true)? {
        let id = store.id();
        ipv6 = json!({"id": id, "ip": format!("2001:db8:{id:x}::/64"), "blocked": false, "dns_ptr": []});
    }
    Ok((ipv4, ipv6))
}

pub fn render(store: &Store, id: u64) -> Result<Value> {
    let mut row = store.get(Table::Servers, id)?.clone();
    let balancers: Vec<u64> = store
        .all(Table::LoadBalancers)
        .filter(|(_, other)| {
            let mut targets = other["targets"].as_array().into_iter().flatten();
            targets.any(|target| target["server"]["id"] == id)
        })
        .map(|(id, _)| id)
        .collect();
    row["public_net"] = json!({
        "ipv4": row["ipv4"], "ipv6": row["ipv6"], "floating_ips": [],
        "firewalls": firewalls::of_server(store, &row).iter()
            .map(|id| json!({"id": id, "status": "applied"})).collect::<Vec<_>>(),
    });
    row["load_balancers"] = json!(balancers);
    if let Some(group) = row["placement_group"].as_u64() {
        row["placement_group"] = small::render_group(store, group)?;
    }
    for (field, value) in [
        ("volumes", json!([])),
        ("iso", Value::Null),
        ("backup_window", Value::Null),
        ("rescue_enabled", json!(false)),
        ("locked", json!(store.unlocked(Table::Servers, id).is_err())),
        ("ingoing_traffic", json!(0)),
        ("outgoing_traffic", json!(0)),
        ("included_traffic", json!(0)),
    ] {
        row[field] = value;
    }
    if let Some(map) = row.as_object_mut() {
        for inner in ["ipv4", "ipv6", "firewalls"] {
            map.remove(inner);
        }
    }
    Ok(row)
}

/// Answers with an action; the server is gone when it is over.
pub fn delete(store: &mut Store, id: u64) -> Result<Value> {
    store.get_mut(Table::Servers, id)?["status"] = json!("deleting");
    for (_, balancer) in store.each_mut(Table::LoadBalancers) {
        if let Some(targets) = balancer["targets"].as_array_mut() {
            targets.retain(|target| target["server"]["id"] != id);
        }
    }
    Ok(json!({"action": store.act("delete_server", &[(Table::Servers, id)], Then::Gone)}))
}

pub fn act(store: &mut Store, id: u64, name: &str, body: Body) -> Result<Value> {
    store.unlocked(Table::Servers, id)?;
    let (command, then) = match name {
        "poweron" => ("start_server", Then::Status("running")),
        "reboot" | "reset" => ("reboot_server", Then::Status("running")),
        "poweroff" => ("stop_server", Then::Status("off")),
        "shutdown" => ("shutdown_server", Then::Status("off")),
        "change_type" => {
            let kind =
                body.get("server_type").and_then(|wanted| catalog::find(catalog::server_types(), wanted));
            let kind = kind.ok_or_else(|| ApiError::invalid("server_type", "server type does not exist"))?;
            let row = store.get_mut(Table::Servers, id)?;
            if row["status"] != "off" {
                return Err(ApiError::refused("server_not_stopped", "server must be off"));
            }
            row["server_type"] = kind;
            ("change_server_type", Then::Nothing)
        }
        "attach_to_network" => {
            attach(store, id, body.number("network")?, Some(body))?;
            ("attach_to_network", Then::Nothing)
        }
        "detach_from_network" => {
            let network = body.number("network")?;
            let list = &mut store.get_mut(Table::Servers, id)?["private_net"];
            if let Some(list) = list.as_array_mut() {
                list.retain(|entry| entry["network"] != network);
            }
            ("detach_from_network", Then::Nothing)
        }
        "change_alias_ips" => {
            let network = body.number("network")?;
            let aliases = json!(body.list("alias_ips")?);
            let list = &mut store.get_mut(Table::Servers, id)?["private_net"];
            for entry in list.as_array_mut().into_iter().flatten().filter(|e| e["network"] == network) {
                entry["alias_ips"] = aliases.clone();
            }
            ("change_alias_ips", Then::Nothing)
        }
        "add_to_placement_group" => {
            let group = body.number("placement_group")?;
            small::room(store, group)?;
            store.get_mut(Table::Servers, id)?["placement_group"] = json!(group);
            ("add_to_placement_group", Then::Nothing)
        }
        "remove_from_placement_group" => {
            store.get_mut(Table::Servers, id)?["placement_group"] = Value::Null;
            ("remove_from_placement_group", Then::Nothing)
        }
        "change_protection" => {
            let (delete, rebuild) = (body.flag("delete", false)?, body.flag("rebuild", false)?);
            if delete != rebuild {
                return Err(ApiError::invalid("delete", "delete and rebuild must be the same"));
            }
            store.get_mut(Table::Servers, id)?["protection"] = json!({"delete": delete, "rebuild": rebuild});
            ("change_protection", Then::Nothing)
        }
        _ => return Err(ApiError::not_found("action", name)),
    };
    Ok(store.act(command, &[(Table::Servers, id)], then))
}

fn attach(store: &mut Store, id: u64, network: u64, asked: Option<Body>) -> Result<()> {
    let row = store.get(Table::Servers, id)?;
    if networks::address_in(row, network).is_some() {
        return Err(ApiError::refused("server_already_attached", "server is already attached to network"));
    }
    let zone = &row["location"]["network_zone"];
    let wanted = asked.map(|body| body.address("ip")).transpose()?.flatten();
    let aliases = asked.map(|body| body.list("alias_ips")).transpose()?.unwrap_or_default();
    let ip = networks::address(store, network, zone, wanted)?;
    let entry = json!({
        "network": network, "ip": ip.to_string(), "alias_ips": aliases,
        "mac_address": format!("86:00:00:{:02x}:{:02x}:{:02x}", id >> 16 & 0xff, id >> 8 & 0xff, id & 0xff),
    });
    if let Some(list) = store.get_mut(Table::Servers, id)?["private_net"].as_array_mut() {
        list.push(entry);
    }
    Ok(())
}

pub fn hostname(name: &str) -> Result<()> {
    if name.len() <= 253 && name.split('.').all(|part| labels::word(part, "-")) {
        return Ok(());
    }
    Err(ApiError::invalid("name", "must be a valid hostname"))
}

pub fn protected(row: &Value) -> Result<()> {
    if row["protection"]["delete"] == true {
        return Err(ApiError::new(StatusCode::LOCKED, "protected", "resource is protected"));
    }
    Ok(())
}
