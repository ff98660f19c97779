//! The stand-in for the provider `hetznercloud/hcloud` 1.50: the schema of the resource types that
//! our module may use, as documented (names, types, required, optional, computed, what replaces),
//! and their life at the stand-in API. Where each attribute that the module uses was read stands in
//! `documented.yaml`; a test compares the two.

mod balancers;
mod client;
mod firewalls;
mod networks;
mod resource;
mod schema;
mod servers;
mod small;
mod value;

use std::collections::HashMap;
use std::env;

use async_trait::async_trait;
use serde_json::Value;
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Block, Schema};
use tf_provider::value::{ValueAny, ValueEmpty};
use tf_provider::{Diagnostics, Provider};

use client::Client;
use resource::{Connection, Resources, managed};

#[derive(Default)]
pub struct Hcloud {
    connection: Connection,
}

#[async_trait]
impl Provider for Hcloud {
    type Config<'a> = ValueAny;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        let text = |sensitive| Attribute {
            attr_type: AttributeType::String,
            constraint: AttributeConstraint::Optional,
            sensitive,
            ..Default::default()
        };
        let attributes = HashMap::from([
            ("token".to_owned(), text(true)),
            ("endpoint".to_owned(), text(false)),
            ("poll_interval".to_owned(), text(false)),
            ("poll_function".to_owned(), text(false)),
        ]);
        Some(Schema { version: 0, block: Block { version: 0, attributes, ..Default::default() } })
    }

    async fn configure<'a>(&self, diags: &mut Diagnostics, _version: String, config: ValueAny) -> Option<()> {
        let config = value::from_wire(config);
        let setting = |field: &str, variable: &str| {
            let written = config[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            written.or_else(|| env::var(variable).ok()).unwrap_or_default()
        };
        let token = setting("token", "HCLOUD_TOKEN");
        if token.is_empty() {
            diags.root_error_short("Missing Hetzner Cloud API token");
            return Some(());
        }
        match Client::new(&setting("endpoint", "HCLOUD_ENDPOINT"), &token) {
            Ok(client) => _ = self.connection.set(client),
            Err(refusal) => diags.root_error_short(refusal.to_string()),
        }
        Some(())
    }

    fn get_resources(&self, _: &mut Diagnostics) -> Option<Resources> {
        let to = &self.connection;
        let all = [
            ("firewall", managed(firewalls::Firewall, to)),
            ("load_balancer", managed(balancers::LoadBalancer, to)),
            ("load_balancer_network", managed(balancers::Attachment, to)),
            ("load_balancer_service", managed(balancers::Service, to)),
            ("load_balancer_target", managed(balancers::Target, to)),
            ("network", managed(networks::Network, to)),
            ("network_subnet", managed(networks::Subnet, to)),
            ("placement_group", managed(small::PlacementGroup, to)),
            ("server", managed(servers::Server, to)),
            ("server_network", managed(servers::Attachment, to)),
            ("ssh_key", managed(small::SshKey, to)),
        ];
        Some(all.into_iter().map(|(name, resource)| (name.to_owned(), resource)).collect())
    }
}

/// The fields of `from` that are asked for, for a request's body.
fn body(from: &Value, fields: &[&str]) -> Value {
    fields
        .iter()
        .filter(|field| !from[**field].is_null())
        .map(|field| ((*field).to_owned(), from[*field].clone()))
        .collect()
}

/// Name and labels, where one of them changed. A missing map of labels empties it.
fn renamed(prior: &Value, plan: &Value) -> Option<Value> {
    if prior["name"] == plan["name"] && prior["labels"] == plan["labels"] {
        return None;
    }
    let labels = if plan["labels"].is_null() { serde_json::json!({}) } else { plan["labels"].clone() };
    Some(serde_json::json!({"name": plan["name"], "labels": labels}))
}

fn id_of(answer: &Value) -> String {
    answer["id"].to_string()
}

fn id_in(state: &Value) -> &str {
    state["id"].as_str().unwrap_or_default()
}
