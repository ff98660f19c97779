//! Which request does what: the paths below `/v1`.
//!
//! Imitated: get, list, create, change of name and labels, delete and actions of the six kinds of
//! object that the module needs; their actions; the catalogue, read only.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::body::Body;
use super::error::ApiError;
use super::list::{self, Query};
use super::store::{Store, Table};
use super::{catalog, firewalls, load_balancers, networks, servers, small};

type Result<T> = std::result::Result<T, ApiError>;

/// The answer's status and body.
pub type Reply = (StatusCode, Value);

pub fn route(
    store: &mut Store,
    method: &Method,
    path: &[&str],
    query: &Query,
    body: &Value,
) -> Result<Reply> {
    if let Some(reply) = catalogue(method, path, query)? {
        return Ok(reply);
    }
    let ok = |value| Ok((StatusCode::OK, value));
    match (method.as_str(), path) {
        ("GET", ["actions"]) => ok(actions(store, query, |_| true)?),
        ("GET", ["actions", id]) => ok(action(store, id)?),
        (verb, [plural, rest @ ..]) => {
            let table = Table::of(plural).ok_or_else(missing)?;
            match (verb, rest) {
                ("GET", []) => ok(rows(store, table, query)?),
                ("POST", []) => Ok((StatusCode::CREATED, create(store, table, Body(body))?)),
                ("GET", ["actions"]) => ok(actions(store, query, |on| on.iter().any(|(t, _)| *t == table))?),
                ("GET", ["actions", id]) => ok(action(store, id)?),
                (verb, [id, rest @ ..]) => {
                    let id = id.parse().map_err(|_| ApiError::not_found(table.singular(), id))?;
                    store.get(table, id)?;
                    match (verb, rest) {
                        ("GET", []) => ok(wrap(table, render(store, table, id)?)),
                        ("PUT", []) => ok(change(store, table, id, Body(body))?),
                        ("DELETE", []) => delete(store, table, id),
                        ("GET", ["actions"]) => ok(actions(store, query, |on| on.contains(&(table, id)))?),
                        ("GET", ["actions", other]) => ok(action(store, other)?),
                        ("POST", ["actions", name]) => {
                            let done = act(store, table, id, name, Body(body))?;
                            let field = if done.is_array() { "actions" } else { "action" };
                            Ok((StatusCode::CREATED, json!({ field: done })))
                        }
                        _ => Err(missing()),
                    }
                }
                _ => Err(missing()),
            }
        }
        _ => Err(missing()),
    }
}

fn missing() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is no such path")
}

fn catalogue(method: &Method, path: &[&str], query: &Query) -> Result<Option<Reply>> {
    let rows = match path.first().copied() {
        Some("server_types") => catalog::server_types(),
        Some("load_balancer_types") => catalog::load_balancer_types(),
        Some("images") => catalog::images(),
        Some("locations") => catalog::locations(),
        Some("datacenters") => {
            let ended = "The API endpoint functionality was removed";
            return Err(ApiError::new(StatusCode::GONE, "deprecated_api_endpoint", ended));
        }
        _ => return Ok(None),
    };
    let plural = path[0];
    match (method.as_str(), &path[1..]) {
        ("GET", []) => Ok(Some((StatusCode::OK, list::page(plural, rows, query)?))),
        ("GET", [id]) => {
            let singular = plural.trim_end_matches('s');
            let number: Option<u64> = id.parse().ok();
            let row = rows.into_iter().find(|row| row["id"].as_u64() == number);
            let row = row.ok_or_else(|| ApiError::not_found(singular, id))?;
            Ok(Some((StatusCode::OK, json!({ singular: row }))))
        }
        _ => Err(missing()),
    }
}

fn rows(store: &Store, table: Table, query: &Query) -> Result<Value> {
    let ids: Vec<u64> = store.all(table).map(|(id, _)| id).collect();
    let rows = ids.into_iter().map(|id| render(store, table, id)).collect::<Result<Vec<_>>>()?;
    list::page(table.plural(), rows, query)
}

fn actions(store: &Store, query: &Query, wanted: impl Fn(&[(Table, u64)]) -> bool) -> Result<Value> {
    let rows = store.actions().filter(|action| wanted(&action.on)).map(|action| action.json()).collect();
    list::page("actions", rows, query)
}

fn action(store: &Store, id: &str) -> Result<Value> {
    let number = id.parse().map_err(|_| ApiError::not_found("action", id))?;
    Ok(json!({"action": store.action(number)?.json()}))
}

fn wrap(table: Table, row: Value) -> Value {
    json!({ table.singular(): row })
}

pub fn render(store: &Store, table: Table, id: u64) -> Result<Value> {
    match table {
        Table::Firewalls => firewalls::render(store, id),
        Table::LoadBalancers => load_balancers::render(store, id),
        Table::Networks => networks::render(store, id),
        Table::PlacementGroups => small::render_group(store, id),
        Table::Servers => servers::render(store, id),
        Table::SshKeys => store.get(table, id).cloned(),
    }
}

fn create(store: &mut Store, table: Table, body: Body) -> Result<Value> {
    match table {
        Table::Firewalls => firewalls::create(store, body),
        Table::LoadBalancers => load_balancers::create(store, body),
        Table::Networks => networks::create(store, body),
        Table::PlacementGroups => small::create_group(store, body),
        Table::Servers => servers::create(store, body),
        Table::SshKeys => small::create_key(store, body),
    }
}

fn change(store: &mut Store, table: Table, id: u64, body: Body) -> Result<Value> {
    if let Some(name) = body.maybe_text("name")? {
        if table == Table::Servers {
            servers::hostname(name)?;
        }
        store.free_name(table, id, name)?;
        store.get_mut(table, id)?["name"] = json!(name);
    }
    if body.get("labels").is_some() {
        store.get_mut(table, id)?["labels"] = body.labels()?;
    }
    if table == Table::Networks && body.get("expose_routes_to_vswitch").is_some() {
        let expose = body.flag("expose_routes_to_vswitch", false)?;
        store.get_mut(table, id)?["expose_routes_to_vswitch"] = json!(expose);
    }
    Ok(wrap(table, render(store, table, id)?))
}

fn delete(store: &mut Store, table: Table, id: u64) -> Result<Reply> {
    servers::protected(store.get(table, id)?)?;
    store.unlocked(table, id)?;
    match table {
        Table::Servers => return Ok((StatusCode::OK, servers::delete(store, id)?)),
        Table::Firewalls => firewalls::delete(store, id)?,
        Table::PlacementGroups => small::delete_group(store, id)?,
        Table::Networks => networks::delete(store, id)?,
        Table::LoadBalancers | Table::SshKeys => {}
    }
    store.vanish(table, id);
    Ok((StatusCode::NO_CONTENT, Value::Null))
}

fn act(store: &mut Store, table: Table, id: u64, name: &str, body: Body) -> Result<Value> {
    match table {
        Table::Firewalls => firewalls::act(store, id, name, body),
        Table::LoadBalancers => load_balancers::act(store, id, name, body),
        Table::Networks => networks::act(store, id, name, body),
        Table::Servers => servers::act(store, id, name, body),
        Table::PlacementGroups | Table::SshKeys => Err(missing()),
    }
}
