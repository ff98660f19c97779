//! `/_rig`: what a test asks of the stand-in itself. No token is needed, and none is ever shown.
//!
//! `GET state` is all that exists, a server with its `user_data`; `GET requests` is method, path and
//! status of all that came; `PUT settings` replaces the settings; `POST faults` adds one,
//! `DELETE faults` forgets them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::settings::{Fault, Settings};
use super::store::Table;
use super::{Cloud, routes};

pub fn router() -> Router<Cloud> {
    Router::new()
        .route("/_rig/state", get(state))
        .route("/_rig/requests", get(requests))
        .route("/_rig/settings", put(settings))
        .route("/_rig/faults", post(add_fault).delete(forget_faults))
}

async fn state(State(cloud): State<Cloud>) -> Json<Value> {
    let mut inner = cloud.lock();
    inner.store.tick();
    let store = &inner.store;
    let mut all = Map::new();
    for table in Table::ALL {
        let rows: Vec<Value> = store
            .all(table)
            .filter_map(|(id, _)| {
                let mut row = routes::render(store, table, id).ok()?;
                if let Some(asked) = store.asked.get(&id) {
                    row["asked"] = asked.clone();
                }
                Some(row)
            })
            .collect();
        all.insert(table.plural().to_owned(), json!(rows));
    }
    Json(Value::Object(all))
}

async fn requests(State(cloud): State<Cloud>) -> Json<Value> {
    let inner = cloud.lock();
    let rows = inner
        .requests
        .iter()
        .map(|(method, path, status)| json!({"method": method.as_str(), "path": path, "status": status}));
    Json(rows.collect())
}

/// The budget of requests starts anew.
async fn settings(State(cloud): State<Cloud>, Json(settings): Json<Settings>) -> StatusCode {
    let mut inner = cloud.lock();
    inner.budget = f64::from(settings.rate_limit);
    inner.store.settings = settings;
    StatusCode::NO_CONTENT
}

async fn add_fault(State(cloud): State<Cloud>, Json(fault): Json<Fault>) -> StatusCode {
    cloud.lock().faults.push(fault);
    StatusCode::NO_CONTENT
}

async fn forget_faults(State(cloud): State<Cloud>) -> StatusCode {
    cloud.lock().faults.clear();
    StatusCode::NO_CONTENT
}
