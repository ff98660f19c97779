//! What the image, the chart and the documents tell the program is what its command takes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use catalyst::Config;
use serde::Deserialize as _;
use serde_yaml_ng::Value;

use crate::world::World;

type Settings = BTreeMap<String, String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The Containerfile's ENV.
fn image() -> Settings {
    let text = read("infra/container/Containerfile").replace("\\\n", " ");
    let line = text.lines().find_map(|line| line.strip_prefix("ENV ")).unwrap();
    let pairs = line.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a container is told in the image, with this database and a mail server from Secrets.
fn told(container: &Value, database: &str) -> Settings {
    let mut settings = image();
    for setting in container["env"].as_sequence().unwrap() {
        let name = setting["name"].as_str().unwrap();
        let value = setting["value"].as_str().unwrap_or_else(|| match name {
            "CATALYST_DATABASE_URL" | "CATALYST_DATABASE_OWNER_URL" => database,
            "CATALYST_SMTP_URL" => "smtps://catalyst:secret@mail.example.om",
            other => panic!("{other} has no value"),
        });
        settings.insert(name.to_owned(), value.to_owned());
    }
    settings
}

/// The containers that run the program, with its command, for each set of values.
fn containers() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let lock: Value = serde_yaml_ng::from_str(&read("infra/versions.yaml")).unwrap();
    let kubernetes = format!("{}.0", lock["kubernetes"].as_str().unwrap());
    let more = fs::read_dir(root().join("charts/catalyst/tests")).unwrap().map(|entry| entry.unwrap().path());
    for values in more.chain([root().join("charts/catalyst/values-ha.yaml")]) {
        let rendered = Command::new(root().join(".tools/bin/helm"))
            .args([
                "template",
                "catalyst",
                "charts/catalyst",
                "--values",
                "charts/catalyst/tests/default.yaml",
            ])
            .args(["--kube-version", &kubernetes, "--api-versions", "monitoring.coreos.com/v1"])
            .arg("--values")
            .arg(values)
            .current_dir(root())
            .output()
            .expect("Helm is missing. Install it with: scripts/setup test");
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        let text = String::from_utf8(rendered.stdout).unwrap();
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let object = Value::deserialize(document).unwrap();
            let containers = object["spec"]["template"]["spec"]["containers"].as_sequence();
            for container in containers.into_iter().flatten() {
                found.push((container["args"][0].as_str().unwrap().to_owned(), container.clone()));
            }
        }
    }
    found
}

/// The pod of docs/operations.md.
fn pod_for_backups() -> Value {
    let text = read("docs/operations.md");
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    serde_yaml_ng::from_str(rest.split("```").next().unwrap()).unwrap()
}

/// Runs the program with these settings and no others.
fn succeeds(arguments: &[&str], settings: &Settings) {
    let output = Command::new(env!("CARGO_BIN_EXE_catalyst"))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(settings)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn each_container_of_the_chart_has_the_settings_that_its_command_asks_for() {
    let world = World::new().await;
    let mut seen = BTreeMap::new();
    for (command, container) in containers() {
        let settings = told(&container, &world.database_url());
        if command == "migrate" {
            succeeds(&["migrate"], &settings);
        } else {
            let pairs: Vec<_> =
                settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            Config::from_pairs(&pairs).unwrap_or_else(|problems| panic!("{command}: {problems}"));
        }
        *seen.entry(command).or_insert(0) += 1;
    }
    assert_eq!(
        seen,
        [("migrate", 4), ("serve", 4), ("worker", 4)].map(|(one, n)| (one.to_owned(), n)).into()
    );
}

#[tokio::test]
async fn the_documented_pod_makes_a_backup() {
    let world = World::new().await;
    let container = &pod_for_backups()["spec"]["containers"][0];
    let mut settings = told(container, &world.database_url());
    for (name, path) in [
        ("CATALYST_GIT_ROOT", &world.app.config.git_root),
        ("CATALYST_SERVER_KEY_FILE", &world.app.config.server_key_file),
    ] {
        let mounted = settings.insert(name.to_owned(), path.display().to_string());
        assert!(mounted.is_some(), "the pod does not name {name}");
    }
    let folder = world.app.config.data_dir.join("backup");
    succeeds(&["backup", folder.to_str().unwrap()], &settings);
    assert!(folder.join("manifest.json").is_file());
}
