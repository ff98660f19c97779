//! SSH keys and placement groups.
//!
//! Imitated: a key's form, its MD5-style fingerprint as an opaque text (here: of the key's own
//! bytes), the same key refused twice; groups of type `spread` with at most ten servers
//! (documented), which are not deleted while a server is in them.

use axum::http::StatusCode;
use base64::Engine;
use serde_json::{Value, json};

use super::body::Body;
use super::error::ApiError;
use super::store::{Store, Table};

type Result<T> = std::result::Result<T, ApiError>;

const KEY_TYPES: [&str; 6] = [
    "ssh-rsa",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
];

pub fn create_key(store: &mut Store, body: Body) -> Result<Value> {
    let text = body.text("public_key")?.trim();
    let wrong = || ApiError::invalid("public_key", "SSH key format is invalid or not supported");
    let mut parts = text.split_whitespace();
    let (kind, data) = parts.next().zip(parts.next()).ok_or_else(wrong)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| wrong())?;
    // A key's bytes begin with the length of its type's name, and that name.
    if !KEY_TYPES.contains(&kind) || bytes.get(4..4 + kind.len()) != Some(kind.as_bytes()) {
        return Err(wrong());
    }
    if store.all(Table::SshKeys).any(|(_, row)| row["public_key"] == text) {
        return Err(ApiError::taken("public_key"));
    }
    let fingerprint: Vec<String> = bytes.iter().rev().take(16).map(|byte| format!("{byte:02x}")).collect();
    let id = store.id();
    let row = json!({
        "name": body.text("name")?, "labels": body.labels()?, "public_key": text,
        "fingerprint": fingerprint.join(":"),
    });
    store.insert(Table::SshKeys, id, row)?;
    Ok(json!({"ssh_key": store.get(Table::SshKeys, id)?}))
}

pub fn create_group(store: &mut Store, body: Body) -> Result<Value> {
    let row = json!({
        "name": body.text("name")?, "labels": body.labels()?, "type": body.one_of("type", &["spread"])?,
    });
    let id = store.id();
    store.insert(Table::PlacementGroups, id, row)?;
    Ok(json!({"placement_group": render_group(store, id)?, "action": null}))
}

pub fn render_group(store: &Store, id: u64) -> Result<Value> {
    let mut row = store.get(Table::PlacementGroups, id)?.clone();
    row["servers"] = json!(members(store, id));
    Ok(row)
}

pub fn members(store: &Store, group: u64) -> Vec<u64> {
    store.all(Table::Servers).filter(|(_, row)| row["placement_group"] == group).map(|(id, _)| id).collect()
}

/// Whether one more server fits.
pub fn room(store: &Store, group: u64) -> Result<()> {
    store.get(Table::PlacementGroups, group)?;
    if members(store, group).len() >= 10 {
        return Err(ApiError::invalid("placement_group", "a spread group holds at most 10 servers"));
    }
    Ok(())
}

pub fn delete_group(store: &Store, id: u64) -> Result<()> {
    if members(store, id).is_empty() {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::CONFLICT, "resource_in_use", "placement group is still in use"))
}
