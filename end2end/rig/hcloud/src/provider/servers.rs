//! `hcloud_server` and `hcloud_server_network`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::client::{Client, Refusal, Result};
use super::networks::network_of;
use super::resource::{Failure, Kind};
use super::schema::{Block, Nesting, Shape, Type, chosen, computed, optional, required};
use super::small::texts;
use super::{body, id_in, id_of, renamed};

pub struct Server;

#[async_trait]
impl Kind for Server {
    fn shape(&self) -> Shape {
        let network = vec![
            chosen("network_id", Type::Number),
            chosen("ip", Type::Text),
            chosen("alias_ips", Type::TextSet),
            computed("mac_address", Type::Text),
        ];
        let public_net = vec![
            optional("ipv4_enabled", Type::Flag),
            optional("ipv6_enabled", Type::Flag),
            chosen("ipv4", Type::Number),
            chosen("ipv6", Type::Number),
        ];
        Shape::of(
            vec![
                required("name", Type::Text),
                required("server_type", Type::Text),
                chosen("image", Type::Text).replaces(),
                chosen("location", Type::Text).replaces(),
                optional("user_data", Type::Text).replaces(),
                optional("ssh_keys", Type::Texts).replaces(),
                optional("keep_disk", Type::Flag),
                optional("allow_deprecated_images", Type::Flag),
                computed("backup_window", Type::Text),
                optional("backups", Type::Flag),
                computed("ipv4_address", Type::Text),
                computed("ipv6_address", Type::Text),
                computed("ipv6_network", Type::Text),
                computed("status", Type::Text),
                computed("primary_disk_size", Type::Number),
                optional("iso", Type::Text),
                optional("rescue", Type::Text),
                optional("labels", Type::TextMap),
                optional("ignore_remote_firewall_ids", Type::Flag),
                chosen("firewall_ids", Type::NumberSet),
                optional("placement_group_id", Type::Number),
                optional("delete_protection", Type::Flag),
                optional("rebuild_protection", Type::Flag),
                optional("shutdown_before_deletion", Type::Flag),
            ],
            vec![
                Block::new("network", Nesting::Set, network),
                Block::new("public_net", Nesting::Set, public_net),
            ],
        )
    }

    fn check(&self, config: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for unsupported in ["backups", "iso", "rescue"] {
            if !super::value::is_empty(&config[unsupported]) {
                problems.push(format!("the stand-in does not know how to do {unsupported}"));
            }
        }
        if config["image"] == "" {
            problems.push("image must have more than 0 characters".to_owned());
        }
        problems
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let fields = ["name", "server_type", "image", "location", "user_data", "ssh_keys", "labels"];
        let mut asked = body(plan, &fields);
        if let Some(group) = plan["placement_group_id"].as_u64() {
            asked["placement_group"] = json!(group);
        }
        let walls = plan["firewall_ids"].as_array().into_iter().flatten();
        asked["firewalls"] = walls.map(|id| json!({"firewall": id})).collect();
        if let Some(public) = plan["public_net"].as_array().and_then(|list| list.first()) {
            asked["public_net"] = json!({
                "enable_ipv4": public["ipv4_enabled"] != false, "enable_ipv6": public["ipv6_enabled"] != false,
            });
        }
        let answer = client.start("servers", asked).await?;
        let id = id_of(&answer["server"]);
        let rest = async {
            client.finish(&answer).await?;
            for network in plan["network"].as_array().into_iter().flatten() {
                attach(client, &id, &network["network_id"], network).await?;
            }
            protect(client, &id, &Value::Null, plan).await
        };
        rest.await.map(|()| id.clone()).map_err(|refusal| Failure { id: Some(id), refusal })
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let Some(row) = client.find("servers", "server", id_in(state)).await? else {
            return Ok(None);
        };
        let public = &row["public_net"];
        let network = public["ipv6"]["ip"].as_str();
        let walls: Vec<&Value> =
            public["firewalls"].as_array().into_iter().flatten().map(|wall| &wall["id"]).collect();
        let image = match &state["image"] {
            id if id.as_str() == Some(&row["image"]["id"].to_string()) => id,
            _ => &row["image"]["name"],
        };
        let networks: Vec<Value> = row["private_net"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|net| {
                json!({"network_id": net["network"], "ip": net["ip"], "alias_ips": net["alias_ips"],
                       "mac_address": net["mac_address"]})
            })
            .collect();
        Ok(Some(texts(json!({
            "id": row["id"],
            "name": row["name"],
            "server_type": row["server_type"]["name"],
            "image": image,
            "location": row["location"]["name"],
            "backup_window": row["backup_window"],
            "ipv4_address": public["ipv4"]["ip"],
            "ipv6_address": network.map(|net| net.replace("::/64", "::1")),
            "ipv6_network": network,
            "status": row["status"],
            "primary_disk_size": row["primary_disk_size"],
            "labels": row["labels"],
            "firewall_ids": walls,
            "placement_group_id": row["placement_group"]["id"],
            "delete_protection": row["protection"]["delete"],
            "rebuild_protection": row["protection"]["rebuild"],
            "network": networks,
            "public_net": [{
                "ipv4_enabled": !public["ipv4"].is_null(), "ipv6_enabled": !public["ipv6"].is_null(),
                "ipv4": public["ipv4"]["id"], "ipv6": public["ipv6"]["id"],
            }],
        }))))
    }

    async fn update(&self, client: &Client, prior: &Value, plan: &Value) -> Result<()> {
        let id = id_in(prior);
        let act = |name: &str| format!("servers/{id}/actions/{name}");
        if let Some(change) = renamed(prior, plan) {
            client.put(&format!("servers/{id}"), change).await?;
        }
        if prior["server_type"] != plan["server_type"] {
            client.post(&act("poweroff"), json!({})).await?;
            let change =
                json!({"server_type": plan["server_type"], "upgrade_disk": plan["keep_disk"] != true});
            client.post(&act("change_type"), change).await?;
            client.post(&act("poweron"), json!({})).await?;
        }
        if prior["placement_group_id"] != plan["placement_group_id"] {
            client.post(&act("remove_from_placement_group"), json!({})).await?;
            if let Some(group) = plan["placement_group_id"].as_u64() {
                client.post(&act("add_to_placement_group"), json!({"placement_group": group})).await?;
            }
        }
        let missing_in = |from: &Value, other: &Value, field: &str| -> Vec<Value> {
            let other: Vec<Value> = other[field].as_array().cloned().unwrap_or_default();
            from[field].as_array().into_iter().flatten().filter(|one| !other.contains(one)).cloned().collect()
        };
        let resource = json!([{"type": "server", "server": {"id": id.parse::<u64>().unwrap_or_default()}}]);
        for wall in missing_in(prior, plan, "firewall_ids") {
            let path = format!("firewalls/{wall}/actions/remove_from_resources");
            client.post(&path, json!({"remove_from": resource})).await?;
        }
        for wall in missing_in(plan, prior, "firewall_ids") {
            let path = format!("firewalls/{wall}/actions/apply_to_resources");
            client.post(&path, json!({"apply_to": resource})).await?;
        }
        let asked = |state: &Value| -> Value {
            let networks = state["network"].as_array().into_iter().flatten();
            json!({"network": networks.map(|one| body(one, &["network_id", "ip", "alias_ips"])).collect::<Vec<_>>()})
        };
        let (before, after) = (asked(prior), asked(plan));
        for network in missing_in(&before, &after, "network") {
            client.post(&act("detach_from_network"), json!({"network": network["network_id"]})).await?;
        }
        for network in missing_in(&after, &before, "network") {
            attach(client, id, &network["network_id"], &network).await?;
        }
        if prior["public_net"] != plan["public_net"] && !super::value::is_empty(&prior["public_net"]) {
            return Err(Refusal::local("the stand-in does not know how to change public_net"));
        }
        protect(client, id, prior, plan).await
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        client.delete(&format!("servers/{}", id_in(state))).await
    }
}

async fn protect(client: &Client, id: &str, prior: &Value, plan: &Value) -> Result<()> {
    let wanted = |state: &Value| (state["delete_protection"] == true, state["rebuild_protection"] == true);
    if wanted(prior) == wanted(plan) {
        return Ok(());
    }
    let (delete, rebuild) = wanted(plan);
    let change = json!({"delete": delete, "rebuild": rebuild});
    client.post(&format!("servers/{id}/actions/change_protection"), change).await?;
    Ok(())
}

async fn attach(client: &Client, server: &str, network: &Value, asked: &Value) -> Result<()> {
    let mut asked = body(asked, &["ip", "alias_ips"]);
    asked["network"] = network.clone();
    client.post(&format!("servers/{server}/actions/attach_to_network"), asked).await?;
    Ok(())
}

pub struct Attachment;

#[async_trait]
impl Kind for Attachment {
    fn shape(&self) -> Shape {
        Shape::of(
            vec![
                required("server_id", Type::Number).replaces(),
                optional("network_id", Type::Number).replaces(),
                optional("subnet_id", Type::Text).replaces(),
                chosen("ip", Type::Text).replaces(),
                optional("alias_ips", Type::TextSet),
                computed("mac_address", Type::Text),
            ],
            vec![],
        )
    }

    async fn create(&self, client: &Client, plan: &Value) -> std::result::Result<String, Failure> {
        let network = network_of(plan)?;
        attach(client, &plan["server_id"].to_string(), &network, plan).await?;
        Ok(format!("{}-{network}", plan["server_id"]))
    }

    async fn read(&self, client: &Client, state: &Value) -> Result<Option<Value>> {
        let (server, network) = id_in(state).split_once('-').unwrap_or_default();
        let network: Option<u64> = network.parse().ok();
        let Some(row) = client.find("servers", "server", server).await? else {
            return Ok(None);
        };
        let mut nets = row["private_net"].as_array().into_iter().flatten();
        let found = nets.find(|net| net["network"].as_u64() == network);
        Ok(found.map(|net| {
            let mut fields = body(net, &["ip", "alias_ips", "mac_address"]);
            fields["server_id"] = row["id"].clone();
            if state["subnet_id"].is_null() {
                fields["network_id"] = net["network"].clone();
            }
            fields
        }))
    }

    async fn update(&self, client: &Client, _prior: &Value, plan: &Value) -> Result<()> {
        let aliases = plan["alias_ips"].as_array().cloned().unwrap_or_default();
        let change = json!({"network": network_of(plan)?, "alias_ips": aliases});
        client.post(&format!("servers/{}/actions/change_alias_ips", plan["server_id"]), change).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, state: &Value) -> Result<()> {
        let path = format!("servers/{}/actions/detach_from_network", state["server_id"]);
        match client.post(&path, json!({"network": network_of(state)?})).await {
            Err(refusal) if !refusal.is_missing() => Err(refusal),
            _ => Ok(()),
        }
    }
}
