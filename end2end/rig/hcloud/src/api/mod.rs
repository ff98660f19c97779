//! The stand-in for the Hetzner Cloud API: what it keeps is in memory, and every request is
//! answered under one lock, in the order in which they came.
//!
//! Imitated here: the bearer token (401 with `unauthorized`), the hourly budget of requests with its
//! `RateLimit-*` headers (429 with `rate_limit_exceeded`), malformed JSON (`json_error`). Each module
//! says which part of the documented contract it imitates. Paths under `/_rig` are the test's own:
//! settings, faults, the state, the requests that came.

mod body;
mod catalog;
mod control;
mod error;
mod firewalls;
mod labels;
mod list;
mod load_balancers;
mod networks;
mod routes;
mod servers;
mod settings;
mod small;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

use error::ApiError;
use routes::Reply;
pub use settings::{Fault, Settings};
use store::Store;

#[derive(Clone)]
pub struct Cloud(Arc<Mutex<Inner>>);

struct Inner {
    token: String,
    store: Store,
    faults: Vec<Fault>,
    /// Method, path and status of each request to `/v1`.
    requests: Vec<(Method, String, u16)>,
    budget: f64,
    budget_at: Instant,
}

/// Answers until the listener's task is dropped.
pub async fn serve(listener: TcpListener, token: &str, settings: Settings) -> std::io::Result<()> {
    axum::serve(listener, router(Cloud::new(token, settings))).await
}

pub fn router(cloud: Cloud) -> Router {
    Router::new().merge(control::router()).fallback(answer).with_state(cloud)
}

impl Cloud {
    pub fn new(token: &str, settings: Settings) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            token: token.to_owned(),
            budget: f64::from(settings.rate_limit),
            budget_at: Instant::now(),
            store: Store::new(settings),
            faults: Vec::new(),
            requests: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(cloud): State<Cloud>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let Some(below) = path.strip_prefix("/v1/") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let segments: Vec<&str> = below.trim_end_matches('/').split('/').collect();
    let query =
        axum::extract::Query::<list::Query>::try_from_uri(&parts.uri).map(|q| q.0).unwrap_or_default();

    let delay = cloud.lock().delay(&parts.method, &segments);
    tokio::time::sleep(delay).await;

    let mut inner = cloud.lock();
    let result = inner.answer(&parts.method, &segments, &query, &parts.headers, &body);
    let mut response = match result {
        Ok((StatusCode::NO_CONTENT, _)) => StatusCode::NO_CONTENT.into_response(),
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(error) => error.into_response(),
    };
    inner.requests.push((parts.method, path, response.status().as_u16()));
    let limit = inner.store.settings.rate_limit;
    let reset = time::OffsetDateTime::now_utc().unix_timestamp() + i64::from(limit) - inner.budget as i64;
    for (name, value) in [
        ("ratelimit-limit", i64::from(limit)),
        ("ratelimit-remaining", inner.budget.max(0.0) as i64),
        ("ratelimit-reset", reset),
    ] {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}

impl Inner {
    fn answer(
        &mut self,
        method: &Method,
        path: &[&str],
        query: &list::Query,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Reply, ApiError> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(self.token.as_str()) {
            return Err(ApiError::unauthorized());
        }
        self.spend()?;
        let fault = self.fault(method, path).filter(|fault| fault.status >= 400);
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.answer_lost) {
            return Err(fault_error(fault));
        }
        let body = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(body).map_err(|_| {
                ApiError::new(StatusCode::BAD_REQUEST, "json_error", "Invalid JSON input in your request.")
            })?,
        };
        self.store.tick();
        let reply = routes::route(&mut self.store, method, path, query, &body)?;
        match fault {
            Some(fault) => Err(fault_error(&fault)),
            None => Ok(reply),
        }
    }

    fn spend(&mut self) -> Result<(), ApiError> {
        let settings = &self.store.settings;
        let back = self.budget_at.elapsed().as_secs_f64() * settings.rate_refill_per_second;
        self.budget_at = Instant::now();
        self.budget = (self.budget + back).min(f64::from(settings.rate_limit));
        if self.budget < 1.0 {
            return Err(ApiError::rate_limited(settings.rate_limit));
        }
        self.budget -= 1.0;
        Ok(())
    }

    fn delay(&self, method: &Method, path: &[&str]) -> Duration {
        let slow = self.faults.iter().find(|fault| fault.fits(method.as_str(), path));
        Duration::from_millis(slow.map_or(0, |fault| fault.delay_ms))
    }

    /// Takes one use of the first fault that fits.
    fn fault(&mut self, method: &Method, path: &[&str]) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| fault.fits(method.as_str(), path))?;
        let fault = &mut self.faults[at];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times = fault.times.saturating_sub(1);
        let fault = fault.clone();
        if fault.times == 0 {
            self.faults.remove(at);
        }
        Some(fault)
    }
}

fn fault_error(fault: &Fault) -> ApiError {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    ApiError::new(status, &fault.code, "a fault that the test asked for")
}
