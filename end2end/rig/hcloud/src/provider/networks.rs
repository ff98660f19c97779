//! `hcloud_network` and `hcloud_network_subnet`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::client::{Client, Refusal, Result};
use super::resource::{Failure, Kind};
use super::schema::{Shape, Type, computed, optional, required};
use super::small::texts;
use super::{body, id_in, id_of, renamed};

pub struct Network;

#[async_trait]
impl Kind for Network {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("name", Type::Text),
                required("ip_range", Type::Text).replaces(),
                optional("labels", Type::TextMap),
                optional("delete_protection", Type::Flag),
                optional("expose_routes_to_vswitch", Type::Flag),
            ],
            vec![],
        )
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let fields = ["name", "ip_range", "labels", "expose_routes_to_vswitch"];
        let answer = client.post("networks", body(plan, &fields)).await?;
        let id = id_of(&answer["network"]);
        let protected = protect(client, "networks", &id, &Value::Null, plan).await;
        protected.map(|()| id.clone()).map_err(|refusal| Failure { id: Some(id), refusal })
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let row = client.find("networks", "network", id_in(state)).await?;
        Ok(row.map(|mut row| {
            row["delete_protection"] = row["protection"]["delete"].clone();
            texts(row)
        }))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let id = id_in(prior);
        let exposed = &plan["expose_routes_to_vswitch"];
        if *exposed != prior["expose_routes_to_vswitch"] {
            let change = json!({"expose_routes_to_vswitch": exposed == &json!(true)});
            client.put(&format!("networks/{id}"), change).await?;
        }
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("networks/{id}"), change).await?;
        }
        protect(client, "networks", id, &prior["delete_protection"], plan).await
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("networks/{}", id_in(state))).await
    }
}

/// Sets the protection from deletion, where it is to be another.
pub async fn protect(client: &Client, plural: &str, id: &str, prior: &Value, plan: &Value) -> Result<()> {
    let wanted = plan["delete_protection"] == true;
    if wanted == (*prior == true) {
        return Ok(());
    }
    client.post(&format!("{plural}/{id}/actions/change_protection"), json!({"delete": wanted})).await?;
    Ok(())
}

pub struct Subnet;

#[async_trait]
impl Kind for Subnet {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("network_id", Type::Number).replaces(),
                required("type", Type::Text).replaces(),
                required("network_zone", Type::Text).replaces(),
                required("ip_range", Type::Text).replaces(),
                computed("gateway", Type::Text),
                optional("vswitch_id", Type::Number).replaces(),
            ],
            vec![],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        match config["type"].as_str() {
            Some("cloud" | "server" | "vswitch") | None => vec![],
            Some(other) => vec![format!("expected type to be one of cloud, server, vswitch, got {other}")],
        }
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let network = &plan["network_id"];
        let fields = body(plan, &["type", "network_zone", "ip_range", "vswitch_id"]);
        client.post(&format!("networks/{network}/actions/add_subnet"), fields).await?;
        Ok(format!("{network}-{}", plan["ip_range"].as_str().unwrap_or_default()))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let (network, range) = subnet_id(id_in(state))?;
        let Some(row) = client.find("networks", "network", network).await? else {
            return Ok(None);
        };
        let mut subnets = row["subnets"].as_array().into_iter().flatten();
        Ok(subnets.find(|subnet| subnet["ip_range"] == range).map(|subnet| {
            let mut subnet = subnet.clone();
            subnet["network_id"] = row["id"].clone();
            subnet
        }))
    }

    async fn update(&self, _: &Client, _: &Value, _: &Value) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        let (network, range) = subnet_id(id_in(state))?;
        let path = format!("networks/{network}/actions/delete_subnet");
        match client.post(&path, json!({"ip_range": range})).await {
            Err(refusal) if !refusal.is_missing() => Err(refusal),
            _ => Ok(()),
        }
    }
}

/// The network and the range of `<network>-<range>`.
pub fn subnet_id(id: &str) -> Result<(&str, &str)> {
    id.split_once('-').ok_or_else(|| Refusal::local(format!("{id} is not the id of a subnet")))
}

/// The network that `subnet_id` or `network_id` names.
pub fn network_of(plan: &Value) -> Result<Value> {
    match plan["subnet_id"].as_str() {
        Some(subnet) => {
            let (network, _) = subnet_id(subnet)?;
            network.parse::<u64>().map(Value::from).map_err(|_| Refusal::local("subnet_id is malformed"))
        }
        None => Ok(plan["network_id"].clone()),
    }
}
