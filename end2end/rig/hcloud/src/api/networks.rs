//! Networks and their subnets; also which private address an attachment gets.
//!
//! Imitated: ranges inside RFC 1918, subnets inside their network that do not overlap, the first
//! address of a network as gateway, network and broadcast address of a subnet never given away, the
//! lowest free address where none was asked (so it may be one that a later request asks for), no
//! subnet removed while something is attached to it. Not imitated: routes, vSwitches.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::body::Body;
use super::catalog;
use super::error::ApiError;
use super::store::{Store, Table, Then};

type Result<T> = std::result::Result<T, ApiError>;

const PRIVATE: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
];

pub fn create(store: &mut Store, body: Body) -> Result<Value> {
    let name = body.text("name")?;
    let range = body.range("ip_range")?;
    if !PRIVATE.iter().any(|private| private.contains(&range)) {
        return Err(ApiError::invalid("ip_range", "must be a private range of RFC 1918"));
    }
    let mut row = json!({
        "name": name, "ip_range": range.to_string(), "labels": body.labels()?, "routes": [], "subnets": [],
        "protection": {"delete": false}, "expose_routes_to_vswitch": body.flag("expose_routes_to_vswitch", false)?,
    });
    for subnet in body.list("subnets")? {
        add(&mut row, Body(subnet))?;
    }
    let id = store.id();
    store.insert(Table::Networks, id, row)?;
    Ok(json!({"network": render(store, id)?}))
}

pub fn render(store: &Store, id: u64) -> Result<Value> {
    let mut row = store.get(Table::Networks, id)?.clone();
    let attached = |table: Table| -> Vec<u64> {
        store.all(table).filter(|(_, other)| address_in(other, id).is_some()).map(|(id, _)| id).collect()
    };
    row["servers"] = json!(attached(Table::Servers));
    row["load_balancers"] = json!(attached(Table::LoadBalancers));
    Ok(row)
}

/// What is attached leaves the network.
pub fn delete(store: &mut Store, id: u64) -> Result<()> {
    for table in [Table::Servers, Table::LoadBalancers] {
        for (_, row) in store.each_mut(table) {
            if let Some(list) = row["private_net"].as_array_mut() {
                list.retain(|entry| entry["network"] != id);
            }
        }
    }
    Ok(())
}

pub fn act(store: &mut Store, id: u64, name: &str, body: Body) -> Result<Value> {
    store.unlocked(Table::Networks, id)?;
    let on = [(Table::Networks, id)];
    match name {
        "add_subnet" => {
            add(store.get_mut(Table::Networks, id)?, body)?;
            Ok(store.act("add_subnet", &on, Then::Nothing))
        }
        "delete_subnet" => {
            let range = body.range("ip_range")?;
            let used = [Table::Servers, Table::LoadBalancers].into_iter().any(|table| {
                store.all(table).any(|(_, row)| address_in(row, id).is_some_and(|ip| range.contains(&ip)))
            });
            if used {
                return Err(ApiError::refused(
                    "service_error",
                    "cannot remove subnet because servers are attached to it",
                ));
            }
            let row = store.get_mut(Table::Networks, id)?;
            let subnets = row["subnets"].as_array_mut().into_iter().flatten().map(|s| s.take());
            let (gone, kept): (Vec<_>, Vec<_>) = subnets.partition(|s| s["ip_range"] == range.to_string());
            row["subnets"] = json!(kept);
            if gone.is_empty() {
                return Err(ApiError::not_found("subnet", range));
            }
            Ok(store.act("delete_subnet", &on, Then::Nothing))
        }
        "change_protection" => {
            store.get_mut(Table::Networks, id)?["protection"] =
                json!({"delete": body.flag("delete", false)?});
            Ok(store.act("change_protection", &on, Then::Nothing))
        }
        _ => Err(ApiError::not_found("action", name)),
    }
}

fn add(row: &mut Value, body: Body) -> Result<()> {
    let kind = body.one_of("type", &["cloud", "server"])?;
    let zone = body.text("network_zone")?;
    if !catalog::zones().any(|known| known == zone) {
        return Err(ApiError::invalid("network_zone", "network zone does not exist"));
    }
    let range = body.range("ip_range")?;
    let whole = net(&row["ip_range"]);
    if !whole.contains(&range) {
        return Err(ApiError::invalid("ip_range", "must be inside the network's ip_range"));
    }
    let overlaps = subnets(row).any(|(other, _)| other.contains(&range) || range.contains(&other));
    if overlaps {
        return Err(ApiError::invalid("ip_range", "overlaps with another subnet"));
    }
    let subnet = json!({
        "type": kind, "network_zone": zone, "ip_range": range.to_string(),
        "gateway": gateway(whole).to_string(), "vswitch_id": null,
    });
    if let Some(list) = row["subnets"].as_array_mut() {
        list.push(subnet);
    }
    Ok(())
}

/// The address that something in `zone` gets when it is attached.
pub fn address(store: &Store, id: u64, zone: &Value, wanted: Option<Ipv4Addr>) -> Result<Ipv4Addr> {
    let row = store.get(Table::Networks, id)?;
    let gateway = gateway(net(&row["ip_range"]));
    let taken: Vec<Ipv4Addr> = [Table::Servers, Table::LoadBalancers]
        .into_iter()
        .flat_map(|table| store.all(table))
        .flat_map(|(_, other)| addresses_in(other, id))
        .chain([gateway])
        .collect();
    let ranges: Vec<Ipv4Net> = subnets(row).filter(|(_, at)| *at == zone).map(|(range, _)| range).collect();
    if ranges.is_empty() {
        return Err(ApiError::refused("no_subnet_available", "no subnet available in the network zone"));
    }
    if let Some(ip) = wanted {
        let inside = ranges.iter().any(|r| r.contains(&ip) && ip != r.network() && ip != r.broadcast());
        if !inside || taken.contains(&ip) {
            return Err(ApiError::refused("ip_not_available", format!("IP {ip} is not available")));
        }
        return Ok(ip);
    }
    // Documented: the last subnet, in the order of their ranges, where none is named.
    let last = ranges.iter().max().copied().unwrap_or_default();
    last.hosts()
        .find(|ip| !taken.contains(ip))
        .ok_or_else(|| ApiError::refused("no_subnet_available", "no free address in the subnet"))
}

pub fn address_in(row: &Value, network: u64) -> Option<Ipv4Addr> {
    addresses_in(row, network).next()
}

fn addresses_in(row: &Value, network: u64) -> impl Iterator<Item = Ipv4Addr> {
    row["private_net"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |entry| entry["network"] == network)
        .flat_map(|entry| {
            [&entry["ip"]].into_iter().chain(entry["alias_ips"].as_array().into_iter().flatten())
        })
        .filter_map(|ip| ip.as_str()?.parse().ok())
}

fn subnets(row: &Value) -> impl Iterator<Item = (Ipv4Net, &Value)> {
    row["subnets"].as_array().into_iter().flatten().map(|s| (net(&s["ip_range"]), &s["network_zone"]))
}

/// A range that was checked when it was kept.
fn net(value: &Value) -> Ipv4Net {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn gateway(range: Ipv4Net) -> Ipv4Addr {
    range.hosts().next().unwrap_or(range.network())
}
