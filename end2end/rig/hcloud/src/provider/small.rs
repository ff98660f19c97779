//! `hcloud_ssh_key` and `hcloud_placement_group`.

use async_trait::async_trait;
use serde_json::Value;

use super::client::{Client, Result};
use super::resource::{Failure, Kind};
use super::schema::{Shape, Type, chosen, computed, optional, required};
use super::{body, id_in, id_of, renamed};

pub struct SshKey;

#[async_trait]
impl Kind for SshKey {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("name", Type::Text),
                required("public_key", Type::Text).replaces(),
                computed("fingerprint", Type::Text),
                chosen("labels", Type::TextMap),
            ],
            vec![],
        )
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let answer = client.post("ssh_keys", body(plan, &["name", "public_key", "labels"])).await?;
        Ok(id_of(&answer["ssh_key"]))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        client.find("ssh_keys", "ssh_key", id_in(state)).await.map(|row| row.map(texts))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("ssh_keys/{}", id_in(prior)), change).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("ssh_keys/{}", id_in(state))).await
    }
}

pub struct PlacementGroup;

#[async_trait]
impl Kind for PlacementGroup {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("name", Type::Text),
                required("type", Type::Text),
                optional("labels", Type::TextMap),
                computed("servers", Type::NumberSet),
            ],
            vec![],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        match config["type"].as_str() {
            Some("spread") | None => vec![],
            Some(other) => vec![format!("{other} is not a valid placement group type")],
        }
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let answer = client.post("placement_groups", body(plan, &["name", "type", "labels"])).await?;
        Ok(id_of(&answer["placement_group"]))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        client.find("placement_groups", "placement_group", id_in(state)).await.map(|row| row.map(texts))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("placement_groups/{}", id_in(prior)), change).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("placement_groups/{}", id_in(state))).await
    }
}

/// The API's row, its id as the text that the state keeps.
pub fn texts(mut row: Value) -> Value {
    row["id"] = Value::from(id_of(&row));
    row
}
