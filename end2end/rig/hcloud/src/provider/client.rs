//! The provider's side of the API: bearer token, patience, actions awaited.
//!
//! As the real client: 429 and `conflict` are tried again, with growing pauses (shorter here), and
//! so are `locked` and what is still in use while it is being released. Plain HTTP only, and no
//! default endpoint: this must never reach the real cloud.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const TRIES: u32 = 14;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(1500);

#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    endpoint: String,
    token: String,
}

#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.message, self.code, self.status)
    }
}

impl Refusal {
    pub fn local(message: impl Into<String>) -> Self {
        Self { status: 0, code: "provider".to_owned(), message: message.into() }
    }

    pub fn is_missing(&self) -> bool {
        self.code == "not_found"
    }

    fn passes(&self, method: &Method) -> bool {
        match self.code.as_str() {
            "rate_limit_exceeded" | "conflict" | "locked" => true,
            "resource_in_use" => method == Method::DELETE,
            "service_error" => self.message.contains("attached"),
            _ => false,
        }
    }
}

pub type Result<T> = std::result::Result<T, Refusal>;

impl Client {
    pub fn new(endpoint: &str, token: &str) -> Result<Self> {
        if !endpoint.starts_with("http://") {
            return Err(Refusal::local(
                "this is a stand-in for tests: name an http:// endpoint (HCLOUD_ENDPOINT); it never talks to the real cloud",
            ));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| Refusal::local(error.to_string()))?;
        Ok(Self { http, endpoint: endpoint.trim_end_matches('/').to_owned(), token: token.to_owned() })
    }

    /// A row, or none where it does not exist (any more).
    pub async fn find(&self, plural: &str, singular: &str, id: &str) -> Result<Option<Value>> {
        match self.get(&format!("{plural}/{id}")).await {
            Ok(mut answer) => Ok(Some(answer[singular].take())),
            Err(refusal) if refusal.is_missing() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Creates or acts, and waits for every action of the answer.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let answer = self.call(Method::POST, path, Some(body)).await?;
        self.finish(&answer).await?;
        Ok(answer)
    }

    /// Creates without waiting: the id must be known even if an action fails.
    pub async fn start(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Gone already is gone.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self.call(Method::DELETE, path, None).await {
            Ok(answer) => self.finish(&answer).await,
            Err(refusal) if refusal.is_missing() => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    pub async fn finish(&self, answer: &Value) -> Result<()> {
        let mut ids: Vec<u64> = answer["action"]["id"].as_u64().into_iter().collect();
        for field in ["actions", "next_actions"] {
            ids.extend(answer[field].as_array().into_iter().flatten().filter_map(|one| one["id"].as_u64()));
        }
        for id in ids {
            self.wait(id).await?;
        }
        Ok(())
    }

    async fn wait(&self, action: u64) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            let answer = self.get(&format!("actions/{action}")).await?;
            match answer["action"]["status"].as_str() {
                Some("success") => return Ok(()),
                Some("running") => {}
                _ => return Err(Refusal::local(format!("action failed: {}", answer["action"]["error"]))),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE / 3);
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match self.once(&method, path, body.as_ref()).await {
                Err(refusal) if refusal.passes(&method) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                other => return other,
            }
        }
        self.once(&method, path, body.as_ref()).await
    }

    async fn once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request =
            self.http.request(method.clone(), format!("{}/{path}", self.endpoint)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| Refusal::local(error.without_url().to_string());
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let answer: Value = response.json().await.unwrap_or(json!({}));
        if status.is_success() {
            return Ok(answer);
        }
        let error = &answer["error"];
        Err(Refusal {
            status: status.as_u16(),
            code: error["code"].as_str().unwrap_or("unknown").to_owned(),
            message: error["message"].as_str().unwrap_or("no message").to_owned(),
        })
    }
}
