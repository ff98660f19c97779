//! The stand-in provider's schema is the published one, for all that the module uses. The record,
//! `src/provider/documented.yaml`, names where each part was read.

#[allow(dead_code)]
mod support;
#[allow(dead_code)]
#[path = "support/tofu.rs"]
mod tofu;

use std::collections::{BTreeMap, BTreeSet};

use hcloud_rig::api::Settings;
use serde_json::{Value, json};
use support::Rig;
use tofu::Tofu;

/// Resource type to path to what is said of it.
type Record = BTreeMap<String, BTreeMap<String, String>>;

fn documented() -> Record {
    let file = support::repository().join("end2end/rig/hcloud/src/provider/documented.yaml");
    let all: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&std::fs::read_to_string(file).expect("the record")).expect("YAML");
    let all = all.as_mapping().expect("resources").iter();
    all.map(|(kind, resource)| {
        for place in ["source", "documentation"] {
            let commit = resource[place]["commit"].as_str().expect("a commit");
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{commit}");
        }
        let uses = serde_yaml_ng::from_value(resource["uses"].clone()).expect("uses");
        (kind.as_str().expect("a type").to_owned(), uses)
    })
    .collect()
}

/// `["set", "string"]` as `set string`.
fn type_of(value: &Value) -> String {
    match value {
        Value::Array(parts) => parts.iter().map(type_of).collect::<Vec<_>>().join(" "),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

fn describe(block: &Value, prefix: &str, found: &mut BTreeMap<String, String>) {
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        let constraint =
            ["required", "optional", "computed"].into_iter().filter(|key| attribute[*key] == true);
        let words: Vec<_> = constraint.map(str::to_owned).chain([type_of(&attribute["type"])]).collect();
        found.insert(format!("{prefix}{name}"), words.join(" "));
    }
    for (name, inner) in block["block_types"].as_object().into_iter().flatten() {
        let nesting = inner["nesting_mode"].as_str().unwrap_or_default();
        found.insert(format!("{prefix}{name}"), format!("block {nesting}"));
        describe(&inner["block"], &format!("{prefix}{name}."), found);
    }
}

fn offered(tofu: &Tofu) -> Record {
    let schemas: Value = serde_json::from_str(&tofu.well(&["providers", "schema", "-json"])).expect("JSON");
    let providers = schemas["provider_schemas"].as_object().expect("providers");
    let (_, hcloud) =
        providers.iter().find(|(name, _)| name.ends_with("hetznercloud/hcloud")).expect("hcloud");
    let resources = hcloud["resource_schemas"].as_object().expect("resources").iter();
    resources
        .map(|(kind, schema)| {
            let mut found = BTreeMap::new();
            describe(&schema["block"], "", &mut found);
            (kind.clone(), found)
        })
        .collect()
}

/// What a resource's blocks say, by path.
fn written(expressions: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, value) in expressions.as_object().into_iter().flatten() {
        let path = format!("{prefix}{name}");
        // A block is a list of what stands in each, or that alone; an expression says how it comes about.
        let blocks: Vec<&Value> = match value {
            Value::Array(blocks) => blocks.iter().collect(),
            Value::Object(map) if !map.contains_key("references") && !map.contains_key("constant_value") => {
                vec![value]
            }
            _ => vec![],
        };
        for block in blocks {
            written(block, &format!("{path}."), found);
        }
        found.insert(path);
    }
}

/// What is planned to be set, by path: a dynamic block stands only here.
fn planned(values: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, value) in values.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let path = format!("{prefix}{name}");
        for block in value.as_array().into_iter().flatten().filter(|one| one.is_object()) {
            planned(block, &format!("{path}."), found);
            found.insert(path.clone());
        }
        if !value.is_array() {
            found.insert(path);
        }
    }
}

/// Every address that any expression refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| references(one, found)),
        Value::Object(map) => map.values().for_each(|one| references(one, found)),
        Value::String(text) if text.starts_with("hcloud_") => _ = found.insert(text.clone()),
        _ => {}
    }
}

#[test]
fn what_the_module_uses_is_recorded_and_the_stand_in_has_it_as_it_is_published() {
    let rig = Rig::start(Settings::default());
    let tofu = Tofu::new(&rig, json!({"ha_enabled": true, "worker_count": 1, "worker_size": "cx33"}));
    tofu.init();
    tofu.well(&["plan", "-out", "the.plan"]);
    let plan: Value = serde_json::from_str(&tofu.well(&["show", "-json", "the.plan"])).expect("JSON");
    let module = &plan["configuration"]["root_module"];

    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in module["resources"].as_array().expect("resources") {
        let kind = resource["type"].as_str().expect("a type");
        if kind.starts_with("hcloud_") {
            written(&resource["expressions"], "", used.entry(kind.to_owned()).or_default());
        }
    }
    for resource in plan["planned_values"]["root_module"]["resources"].as_array().expect("resources") {
        let kind = resource["type"].as_str().expect("a type");
        if kind.starts_with("hcloud_") {
            planned(&resource["values"], "", used.entry(kind.to_owned()).or_default());
        }
    }
    let mut read = BTreeSet::new();
    references(module, &mut read);
    for address in read {
        // hcloud_server.control_plane[0].ipv4_address
        let parts: Vec<_> = address.split('.').collect();
        if let [kind, _, attribute] = parts[..]
            && attribute != "id"
        {
            used.entry(kind.to_owned()).or_default().insert(attribute.to_owned());
        }
    }

    let (documented, offered) = (documented(), offered(&tofu));
    let recorded: BTreeMap<String, BTreeSet<String>> =
        documented.iter().map(|(kind, uses)| (kind.clone(), uses.keys().cloned().collect())).collect();
    for (kind, paths) in &used {
        for path in paths {
            assert!(recorded[kind].contains(path), "{kind} {path} is used and not recorded");
        }
    }
    assert_eq!(used.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>());
    for (kind, uses) in &documented {
        for (path, said) in uses {
            assert!(used[kind].contains(path), "{kind} {path} is recorded and not used");
            assert_eq!(offered[kind].get(path), Some(said), "{kind} {path}");
        }
    }
}
