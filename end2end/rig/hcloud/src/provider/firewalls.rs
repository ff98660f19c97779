//! `hcloud_firewall`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::client::{Client, Result};
use super::resource::{Failure, Kind};
use super::schema::{Block, Nesting, Shape, Type, chosen, optional, required};
use super::small::texts;
use super::{id_in, id_of, renamed};

pub struct Firewall;

#[async_trait]
impl Kind for Firewall {
    fn shape(&self) -> Shape {
        let rule = Block::new(
            "rule",
            Nesting::Set,
            vec![
                required("direction", Type::Text),
                required("protocol", Type::Text),
                optional("port", Type::Text),
                optional("source_ips", Type::TextSet),
                optional("destination_ips", Type::TextSet),
                optional("description", Type::Text),
            ],
        );
        let apply_to = Block::new(
            "apply_to",
            Nesting::Set,
            vec![optional("server", Type::Number), optional("label_selector", Type::Text)],
        );
        Shape::of(
            vec![required("name", Type::Text), chosen("labels", Type::TextMap)],
            vec![Block { only_if_asked: false, ..rule }, Block { replaces: true, ..apply_to }],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for rule in config["rule"].as_array().into_iter().flatten() {
            for (field, allowed) in
                [("direction", &["in", "out"][..]), ("protocol", &["icmp", "tcp", "udp", "esp", "gre"])]
            {
                if rule[field].as_str().is_some_and(|value| !allowed.contains(&value)) {
                    problems.push(format!("{} is not a valid {field}", rule[field]));
                }
            }
        }
        for target in config["apply_to"].as_array().into_iter().flatten() {
            if !target["server"].is_null() && !target["label_selector"].is_null() {
                problems.push("apply_to takes either server or label_selector".to_owned());
            }
        }
        problems
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let apply_to: Vec<Value> = plan["apply_to"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|target| match target["server"].as_u64() {
                Some(id) => json!({"type": "server", "server": {"id": id}}),
                None => json!({"type": "label_selector", "label_selector": {"selector": target["label_selector"]}}),
            })
            .collect();
        let body = json!({"name": plan["name"], "labels": plan["labels"], "rules": rules(plan), "apply_to": apply_to});
        let answer = client.post("firewalls", body).await?;
        Ok(id_of(&answer["firewall"]))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let Some(mut row) = client.find("firewalls", "firewall", id_in(state)).await? else {
            return Ok(None);
        };
        row["rule"] = row["rules"].take();
        // What it is applied to by a server's own firewall_ids is that server's affair.
        Ok(Some(texts(row)))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let id = id_in(prior);
        if prior["rule"] != plan["rule"] {
            client.post(&format!("firewalls/{id}/actions/set_rules"), json!({"rules": rules(plan)})).await?;
        }
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("firewalls/{id}"), change).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("firewalls/{}", id_in(state))).await
    }
}

fn rules(plan: &Value) -> Value {
    let empty_is_absent = |text: &Value| if text == "" { Value::Null } else { text.clone() };
    plan["rule"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|rule| {
            let mut rule = rule.clone();
            rule["port"] = empty_is_absent(&rule["port"]);
            rule
        })
        .collect()
}
