//! `hcloud_load_balancer` and what is attached to it: `_network`, `_service`, `_target`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::client::{Client, Refusal, Result};
use super::networks::{network_of, protect};
use super::resource::{Failure, Kind};
use super::schema::{Block, Nesting, Shape, Type, chosen, computed, optional, required};
use super::small::texts;
use super::{body, id_in, id_of, renamed};

async fn balancer(client: &Client, id: &str) -> Result<Option<Value>> {
    client.find("load_balancers", "load_balancer", id).await
}

fn act(id: &str, name: &str) -> String {
    format!("load_balancers/{id}/actions/{name}")
}

/// What is being removed may have gone with its load balancer.
fn gone_is_fine(answer: Result<Value>) -> Result<()> {
    match answer {
        Err(refusal) if !refusal.is_missing() && refusal.code != "load_balancer_target_not_found" => {
            Err(refusal)
        }
        _ => Ok(()),
    }
}

pub struct LoadBalancer;

#[async_trait]
impl Kind for LoadBalancer {
    fn shape(&self) -> Shape {
        let algorithm = Block::new("algorithm", Nesting::AtMostOne, vec![chosen("type", Type::Text)]);
        Shape::of(
            vec![
                required("name", Type::Text),
                required("load_balancer_type", Type::Text),
                computed("ipv4", Type::Text),
                computed("ipv6", Type::Text),
                chosen("location", Type::Text).replaces(),
                chosen("network_zone", Type::Text).replaces(),
                computed("network_id", Type::Number),
                computed("network_ip", Type::Text),
                chosen("labels", Type::TextMap),
                optional("delete_protection", Type::Flag),
            ],
            vec![algorithm],
        )
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let fields = ["name", "load_balancer_type", "location", "network_zone", "labels"];
        let mut asked = body(plan, &fields);
        if let Some(algorithm) = plan["algorithm"].as_array().and_then(|list| list.first()) {
            asked["algorithm"] = algorithm.clone();
        }
        let answer = client.start("load_balancers", asked).await?;
        let id = id_of(&answer["load_balancer"]);
        let rest = async {
            client.finish(&answer).await?;
            protect(client, "load_balancers", &id, &Value::Null, plan).await
        };
        rest.await.map(|()| id.clone()).map_err(|refusal| Failure { id: Some(id), refusal })
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        Ok(balancer(client, id_in(state)).await?.map(|row| {
            texts(json!({
                "id": row["id"],
                "name": row["name"],
                "load_balancer_type": row["load_balancer_type"]["name"],
                "ipv4": row["public_net"]["ipv4"]["ip"],
                "ipv6": row["public_net"]["ipv6"]["ip"],
                "location": row["location"]["name"],
                "network_zone": row["location"]["network_zone"],
                "network_id": row["private_net"][0]["network"],
                "network_ip": row["private_net"][0]["ip"],
                "labels": row["labels"],
                "delete_protection": row["protection"]["delete"],
                "algorithm": [row["algorithm"]],
            }))
        }))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let id = id_in(prior);
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("load_balancers/{id}"), change).await?;
        }
        if prior["load_balancer_type"] != plan["load_balancer_type"] {
            client.post(&act(id, "change_type"), body(plan, &["load_balancer_type"])).await?;
        }
        if let Some(algorithm) = plan["algorithm"].get(0).filter(|_| prior["algorithm"] != plan["algorithm"])
        {
            client.post(&act(id, "change_algorithm"), algorithm.clone()).await?;
        }
        protect(client, "load_balancers", id, &prior["delete_protection"], plan).await
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("load_balancers/{}", id_in(state))).await
    }
}

pub struct Attachment;

#[async_trait]
impl Kind for Attachment {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("load_balancer_id", Type::Number).replaces(),
                optional("network_id", Type::Number).replaces(),
                optional("subnet_id", Type::Text).replaces(),
                chosen("ip", Type::Text).replaces(),
                chosen("enable_public_interface", Type::Flag),
            ],
            vec![],
        )
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let network = network_of(plan)?;
        let id = plan["load_balancer_id"].to_string();
        let mut asked = body(plan, &["ip"]);
        asked["network"] = network.clone();
        client.post(&act(&id, "attach_to_network"), asked).await?;
        if plan["enable_public_interface"] == false {
            client.post(&act(&id, "disable_public_interface"), json!({})).await?;
        }
        Ok(format!("{id}-{network}"))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let (id, network) = id_in(state).split_once('-').unwrap_or_default();
        let network: Option<u64> = network.parse().ok();
        let Some(row) = balancer(client, id).await? else {
            return Ok(None);
        };
        let mut nets = row["private_net"].as_array().into_iter().flatten();
        Ok(nets.find(|net| net["network"].as_u64() == network).map(|net| {
            let mut fields = json!({
                "load_balancer_id": row["id"], "ip": net["ip"],
                "enable_public_interface": row["public_net"]["enabled"],
            });
            if state["subnet_id"].is_null() {
                fields["network_id"] = net["network"].clone();
            }
            fields
        }))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let verb = if plan["enable_public_interface"] == false { "disable" } else { "enable" };
        let id = prior["load_balancer_id"].to_string();
        client.post(&act(&id, &format!("{verb}_public_interface")), json!({})).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        let id = state["load_balancer_id"].to_string();
        let network = network_of(state)?;
        gone_is_fine(client.post(&act(&id, "detach_from_network"), json!({"network": network})).await)
    }
}

pub struct Service;

#[async_trait]
impl Kind for Service {
    fn shape(&self) -> Shape {
        let http = vec![
            chosen("sticky_sessions", Type::Flag),
            chosen("cookie_name", Type::Text),
            chosen("cookie_lifetime", Type::Number),
            optional("certificates", Type::NumberSet),
            chosen("redirect_http", Type::Flag),
        ];
        let check = vec![
            required("protocol", Type::Text),
            required("port", Type::Number),
            required("interval", Type::Number),
            required("timeout", Type::Number),
            required("retries", Type::Number),
        ];
        let probe = vec![
            optional("domain", Type::Text),
            optional("path", Type::Text),
            optional("response", Type::Text),
            optional("tls", Type::Flag),
            optional("status_codes", Type::Texts),
        ];
        let mut health_check = Block::new("health_check", Nesting::AtMostOne, check);
        health_check.blocks.push(Block::new("http", Nesting::AtMostOne, probe));
        Shape::of(
            vec![
                required("load_balancer_id", Type::Text).replaces(),
                required("protocol", Type::Text).replaces(),
                chosen("listen_port", Type::Number).replaces(),
                chosen("destination_port", Type::Number),
                chosen("proxyprotocol", Type::Flag),
            ],
            vec![Block::new("http", Nesting::AtMostOne, http), health_check],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        match config["protocol"].as_str() {
            Some("http" | "https" | "tcp") | None => vec![],
            Some(other) => vec![format!("expected protocol to be one of http, https, tcp, got {other}")],
        }
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let id = plan["load_balancer_id"].as_str().unwrap_or_default();
        let asked = service_body(plan);
        let usual = if plan["protocol"] == "https" { 443 } else { 80 };
        let port = asked["listen_port"].as_u64().unwrap_or(usual);
        client.post(&act(id, "add_service"), asked).await?;
        Ok(format!("{id}__{port}"))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let (id, port) = id_in(state).split_once("__").unwrap_or_default();
        let port: Option<u64> = port.parse().ok();
        let Some(row) = balancer(client, id).await? else {
            return Ok(None);
        };
        let mut services = row["services"].as_array().into_iter().flatten();
        Ok(services.find(|service| service["listen_port"].as_u64() == port).map(|service| {
            let mut service = service.clone();
            service["load_balancer_id"] = json!(id);
            listed(&mut service["http"]);
            listed(&mut service["health_check"]["http"]);
            service["health_check"] = json!([service["health_check"]]);
            service
        }))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let id = prior["load_balancer_id"].as_str().unwrap_or_default();
        client.post(&act(id, "update_service"), service_body(plan)).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        let id = state["load_balancer_id"].as_str().unwrap_or_default();
        let port = json!({"listen_port": state["listen_port"]});
        gone_is_fine(client.post(&act(id, "delete_service"), port).await)
    }
}

/// An object, or none, as the block of at most one that the state keeps.
fn listed(one: &mut Value) {
    *one = if one.is_null() { json!([]) } else { json!([one.take()]) };
}

/// Blocks of at most one as the objects that the API takes.
fn service_body(plan: &Value) -> Value {
    let mut asked = body(plan, &["protocol", "listen_port", "destination_port", "proxyprotocol"]);
    if let Some(http) = plan["http"].get(0) {
        asked["http"] = http.clone();
    }
    if let Some(check) = plan["health_check"].get(0) {
        let mut check = check.clone();
        check["http"] = check["http"].get(0).cloned().unwrap_or_default();
        asked["health_check"] = check;
    }
    asked
}

pub struct Target;

const SUBJECTS: [(&str, &str); 3] =
    [("server", "server_id"), ("label_selector", "label_selector"), ("ip", "ip")];

#[async_trait]
impl Kind for Target {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("type", Type::Text),
                required("load_balancer_id", Type::Number).replaces(),
                optional("server_id", Type::Number).replaces(),
                optional("label_selector", Type::Text).replaces(),
                optional("ip", Type::Text).replaces(),
                chosen("use_private_ip", Type::Flag),
            ],
            vec![],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        match config["type"].as_str() {
            Some(kind) if !SUBJECTS.iter().any(|(known, _)| *known == kind) => {
                vec![format!("expected type to be one of server, label_selector, ip, got {kind}")]
            }
            Some("ip") if config["use_private_ip"] == true => {
                vec!["ip conflicts with use_private_ip".to_owned()]
            }
            _ => vec![],
        }
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let balancer = plan["load_balancer_id"].to_string();
        match client.post(&act(&balancer, "add_target"), target_body(plan)?).await {
            Err(refusal) if refusal.code != "target_already_defined" => return Err(refusal.into()),
            _ => {}
        }
        let subject = match plan["type"].as_str() {
            Some("server") => format!("srv-tgt-{}", plan["server_id"]),
            Some("ip") => format!("ip-tgt-{}", plan["ip"].as_str().unwrap_or_default()),
            _ => format!("label-selector-tgt-{}", plan["label_selector"].as_str().unwrap_or_default()),
        };
        Ok(format!("lb-{subject}-{balancer}"))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let Some(row) = balancer(client, &state["load_balancer_id"].to_string()).await? else {
            return Ok(None);
        };
        let mut targets = row["targets"].as_array().into_iter().flatten();
        let wanted = target_body(state)?;
        let kind = state["type"].as_str().unwrap_or_default();
        let found = targets.find(|target| target["type"] == kind && target[kind] == wanted[kind]);
        Ok(found.map(|target| body(target, &["type", "use_private_ip"])))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        self.delete(client, prior).await?;
        let balancer = plan["load_balancer_id"].to_string();
        client.post(&act(&balancer, "add_target"), target_body(plan)?).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        let mut asked = target_body(state)?;
        if let Some(map) = asked.as_object_mut() {
            map.remove("use_private_ip");
        }
        let balancer = state["load_balancer_id"].to_string();
        gone_is_fine(client.post(&act(&balancer, "remove_target"), asked).await)
    }
}

fn target_body(plan: &Value) -> Result<Value> {
    let kind = plan["type"].as_str().unwrap_or_default();
    let (_, field) = SUBJECTS
        .iter()
        .find(|(known, _)| *known == kind)
        .ok_or_else(|| Refusal::local(format!("unsupported target type: {kind}")))?;
    if plan[*field].is_null() {
        return Err(Refusal::local(format!("target type {kind}: missing {field}")));
    }
    let mut asked = body(plan, &["type", "use_private_ip"]);
    asked[kind] = match kind {
        "server" => json!({"id": plan["server_id"]}),
        "label_selector" => json!({"selector": plan["label_selector"]}),
        _ => json!({"ip": plan["ip"]}),
    };
    Ok(asked)
}
