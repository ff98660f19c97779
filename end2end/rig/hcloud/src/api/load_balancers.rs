//! Load balancers: services, targets, networks.
//!
//! Imitated: a place or a zone but not both, the limits of the type, one service per listen port,
//! defaults of services and health checks, targets by private address only where both sides are in
//! one network. Not imitated: traffic and health (every target's status is `unknown`),
//! certificates, targets behind a label selector one by one.

use serde_json::{Value, json};

use super::body::Body;
use super::error::ApiError;
use super::store::{Store, Table, Then};
use super::{catalog, networks};

type Result<T> = std::result::Result<T, ApiError>;

pub fn create(store: &mut Store, body: Body) -> Result<Value> {
    let kind = balancer_type(body)?;
    let (place, zone) = (body.maybe_text("location")?, body.maybe_text("network_zone")?);
    if place.is_some() == zone.is_some() {
        return Err(ApiError::invalid("location", "exactly one of location and network_zone is needed"));
    }
    let location = catalog::location(place, zone)
        .ok_or_else(|| ApiError::invalid("location", "location or network zone does not exist"))?;
    let id = store.id();
    let ipv4 = store.public_address().to_string();
    let row = json!({
        "name": body.text("name")?, "labels": body.labels()?, "load_balancer_type": kind, "location": location,
        "algorithm": {"type": algorithm(body.0)?}, "private_net": [], "services": [], "targets": [],
        "protection": {"delete": false}, "included_traffic": 0, "ingoing_traffic": 0, "outgoing_traffic": 0,
        "public_net": {
            "enabled": body.flag("public_interface", true)?,
            "ipv4": {"ip": ipv4, "dns_ptr": format!("static.{ipv4}.example")},
            "ipv6": {"ip": format!("2001:db8:{id:x}::1"), "dns_ptr": null},
        },
    });
    store.insert(Table::LoadBalancers, id, row)?;
    if let Some(network) = body.maybe_number("network")? {
        attach(store, id, network, None)?;
    }
    for one in body.list("services")? {
        add_service(store, id, Body(one))?;
    }
    for one in body.list("targets")? {
        add_target(store, id, Body(one))?;
    }
    let action = store.act("create_load_balancer", &[(Table::LoadBalancers, id)], Then::Nothing);
    Ok(json!({"load_balancer": render(store, id)?, "action": action}))
}

fn balancer_type(body: Body) -> Result<Value> {
    body.get("load_balancer_type")
        .and_then(|wanted| catalog::find(catalog::load_balancer_types(), wanted))
        .ok_or_else(|| ApiError::invalid("load_balancer_type", "load balancer type does not exist"))
}

/// Of a creation (`algorithm.type`).
fn algorithm(body: &Value) -> Result<&str> {
    match Body(body).get("algorithm") {
        None => Ok("round_robin"),
        Some(inner) => Body(inner).one_of("type", &["round_robin", "least_connections"]),
    }
}

pub fn render(store: &Store, id: u64) -> Result<Value> {
    let mut row = store.get(Table::LoadBalancers, id)?.clone();
    let ports: Vec<Value> = row["services"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|service| json!({"listen_port": service["listen_port"], "status": "unknown"}))
        .collect();
    for target in row["targets"].as_array_mut().into_iter().flatten() {
        target["health_status"] = json!(ports);
    }
    Ok(row)
}

pub fn act(store: &mut Store, id: u64, name: &str, body: Body) -> Result<Value> {
    store.unlocked(Table::LoadBalancers, id)?;
    let command = match name {
        "add_service" => {
            add_service(store, id, body)?;
            "add_service"
        }
        "update_service" => {
            let port = body.port("listen_port")?;
            let services = list(store, id, "services")?;
            let service = services
                .iter_mut()
                .find(|service| service["listen_port"] == port)
                .ok_or_else(|| ApiError::not_found("service", port))?;
            let mut changed = service.clone();
            for field in ["protocol", "destination_port", "proxyprotocol", "http", "health_check"] {
                if let Some(value) = body.get(field) {
                    merge(&mut changed[field], value);
                }
            }
            *service = whole_service(Body(&changed))?;
            "update_service"
        }
        "delete_service" => {
            let port = body.port("listen_port")?;
            drop_where(list(store, id, "services")?, |one| one["listen_port"] == port)
                .ok_or_else(|| ApiError::not_found("service", port))?;
            "delete_service"
        }
        "add_target" => {
            add_target(store, id, body)?;
            "add_target"
        }
        "remove_target" => {
            let wanted = target(body)?;
            drop_where(list(store, id, "targets")?, |one| same_target(one, &wanted)).ok_or_else(|| {
                ApiError::refused("load_balancer_target_not_found", "load balancer target not found")
            })?;
            "remove_target"
        }
        "attach_to_network" => {
            attach(store, id, body.number("network")?, Some(body))?;
            "attach_to_network"
        }
        "detach_from_network" => {
            let network = body.number("network")?;
            drop_where(list(store, id, "private_net")?, |one| one["network"] == network)
                .ok_or_else(|| ApiError::not_found("network", network))?;
            // They were reached through the network that is left.
            list(store, id, "targets")?.retain(|one| one["use_private_ip"] != true);
            "detach_from_network"
        }
        "enable_public_interface" | "disable_public_interface" => {
            let row = store.get_mut(Table::LoadBalancers, id)?;
            row["public_net"]["enabled"] = json!(name == "enable_public_interface");
            "change_public_interface"
        }
        "change_algorithm" => {
            let kind = body.one_of("type", &["round_robin", "least_connections"])?;
            store.get_mut(Table::LoadBalancers, id)?["algorithm"] = json!({"type": kind});
            "change_algorithm"
        }
        "change_type" => {
            let kind = balancer_type(body)?;
            store.get_mut(Table::LoadBalancers, id)?["load_balancer_type"] = kind;
            "change_load_balancer_type"
        }
        "change_protection" => {
            let protection = json!({"delete": body.flag("delete", false)?});
            store.get_mut(Table::LoadBalancers, id)?["protection"] = protection;
            "change_protection"
        }
        _ => return Err(ApiError::not_found("action", name)),
    };
    Ok(store.act(command, &[(Table::LoadBalancers, id)], Then::Nothing))
}

fn list<'a>(store: &'a mut Store, id: u64, field: &str) -> Result<&'a mut Vec<Value>> {
    store.get_mut(Table::LoadBalancers, id)?[field]
        .as_array_mut()
        .ok_or_else(|| ApiError::not_found(Table::LoadBalancers.singular(), id))
}

/// Removes what fits; none if nothing did.
fn drop_where(list: &mut Vec<Value>, fits: impl Fn(&Value) -> bool) -> Option<()> {
    let before = list.len();
    list.retain(|one| !fits(one));
    (list.len() < before).then_some(())
}

fn merge(into: &mut Value, from: &Value) {
    match (into.as_object_mut(), from.as_object()) {
        (Some(into), Some(from)) => {
            for (key, value) in from.iter().filter(|(_, value)| !value.is_null()) {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        _ => *into = from.clone(),
    }
}

fn add_service(store: &mut Store, id: u64, body: Body) -> Result<()> {
    let service = whole_service(body)?;
    let most = store.get(Table::LoadBalancers, id)?["load_balancer_type"]["max_services"].clone();
    let services = list(store, id, "services")?;
    if services.iter().any(|other| other["listen_port"] == service["listen_port"]) {
        return Err(ApiError::refused("source_port_already_used", "listen_port is already used"));
    }
    if most == services.len() {
        return Err(ApiError::limit("load_balancer_services"));
    }
    services.push(service);
    Ok(())
}

/// A service with every default filled in.
fn whole_service(body: Body) -> Result<Value> {
    let protocol = body.one_of("protocol", &["tcp", "http", "https"])?;
    let usual = |field: &str, port: Option<u64>| match body.get(field) {
        None => port.ok_or_else(|| ApiError::invalid(field, "Missing data for required field.")),
        Some(_) => body.port(field),
    };
    let listen =
        usual("listen_port", [("http", 80), ("https", 443)].iter().find(|p| p.0 == protocol).map(|p| p.1))?;
    let destination = usual("destination_port", (protocol != "tcp").then_some(80))?;
    let mut service = json!({
        "protocol": protocol, "listen_port": listen, "destination_port": destination,
        "proxyprotocol": body.flag("proxyprotocol", false)?,
        "health_check": {"protocol": "tcp", "port": destination, "interval": 15, "timeout": 10, "retries": 3},
    });
    if protocol != "tcp" {
        service["http"] = json!({
            "sticky_sessions": false, "cookie_name": "HCLBSTICKY", "cookie_lifetime": 300,
            "certificates": [], "redirect_http": false,
        });
        merge(&mut service["http"], body.get("http").unwrap_or(&json!({})));
    }
    if let Some(check) = body.get("health_check") {
        if Body(check).one_of("protocol", &["tcp", "http", "https"])? != "tcp" {
            service["health_check"]["http"] = json!({"domain": "", "path": "/", "response": "", "tls": false, "status_codes": ["2??", "3??"]});
        }
        merge(&mut service["health_check"], check);
    }
    let check = Body(&service["health_check"]);
    check.port("port")?;
    for (field, range) in [("interval", 3..=60), ("timeout", 1..=60), ("retries", 0..=5)] {
        if !range.contains(&check.number(field)?) {
            return Err(ApiError::invalid(&format!("health_check.{field}"), "is out of range"));
        }
    }
    Ok(service)
}

fn add_target(store: &mut Store, id: u64, body: Body) -> Result<()> {
    let wanted = target(body)?;
    let row = store.get(Table::LoadBalancers, id)?;
    let targets = row["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    if targets.iter().any(|other| same_target(other, &wanted)) {
        return Err(ApiError::refused("target_already_defined", "target is already defined"));
    }
    if row["load_balancer_type"]["max_targets"] == targets.len() {
        return Err(ApiError::limit("load_balancer_targets"));
    }
    let private = row["private_net"].as_array().and_then(|nets| nets.first()?["network"].as_u64());
    if wanted["use_private_ip"] == true && private.is_none() {
        return Err(ApiError::refused(
            "load_balancer_not_attached_to_network",
            "load balancer is not attached to a network",
        ));
    }
    if let Some(server) = wanted["server"]["id"].as_u64() {
        let server = store.get(Table::Servers, server)?;
        let apart = private.is_some_and(|network| networks::address_in(server, network).is_none());
        if wanted["use_private_ip"] == true && apart {
            return Err(ApiError::refused(
                "server_not_attached_to_network",
                "server is not attached to the load balancer's network",
            ));
        }
    }
    list(store, id, "targets")?.push(wanted);
    Ok(())
}

fn target(body: Body) -> Result<Value> {
    let kind = body.one_of("type", &["server", "label_selector", "ip"])?;
    let inner = body.get(kind).ok_or_else(|| ApiError::invalid(kind, "Missing data for required field."))?;
    let value = match kind {
        "server" => json!({"id": Body(inner).number("id")?}),
        "label_selector" => json!({"selector": Body(inner).text("selector")?}),
        _ => json!({"ip": Body(inner).text("ip")?}),
    };
    let mut target = json!({"type": kind, "use_private_ip": body.flag("use_private_ip", false)?});
    target[kind] = value;
    if kind == "label_selector" {
        target["targets"] = json!([]);
    }
    Ok(target)
}

fn same_target(one: &Value, other: &Value) -> bool {
    let kind = one["type"].as_str().unwrap_or_default();
    one["type"] == other["type"] && one[kind] == other[kind]
}

fn attach(store: &mut Store, id: u64, network: u64, asked: Option<Body>) -> Result<()> {
    let row = store.get(Table::LoadBalancers, id)?;
    if row["private_net"].as_array().is_some_and(|nets| !nets.is_empty()) {
        return Err(ApiError::refused("load_balancer_already_attached", "load balancer is already attached"));
    }
    let wanted = asked.map(|body| body.address("ip")).transpose()?.flatten();
    let ip = networks::address(store, network, &row["location"]["network_zone"], wanted)?;
    list(store, id, "private_net")?.push(json!({"network": network, "ip": ip.to_string()}));
    Ok(())
}
