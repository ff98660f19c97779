//! Renders a chart with Helm. Each dependency is a stand-in, so what is rendered is ours alone.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Once, OnceLock},
};

use infra_checks::stand_in;
use serde::{Deserialize, Serialize};
use serde_yaml_ng::Value;

use crate::book::{self, Chart};

/// Rendered with one set of values.
#[derive(Serialize, Deserialize)]
pub struct Rendering {
    pub chart: String,
    pub variant: String,
    pub namespace: String,
    /// Without the stand-ins'.
    pub objects: Vec<Value>,
}

pub fn helm() -> Command {
    let path = book::root().join(".tools/bin/helm");
    assert!(path.exists(), "Helm is missing. Install it with: scripts/setup test");
    let mut command = Command::new(path);
    // Nothing of the person's own, and nothing from the network.
    command.env("HELM_CACHE_HOME", scratch("helm")).env("HELM_CONFIG_HOME", scratch("helm"));
    command
}

/// A folder of this process; what ended processes left is cleared away.
pub fn scratch(name: &str) -> PathBuf {
    static CLEARED: Once = Once::new();
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    CLEARED.call_once(|| {
        for path in book::files_in(temporary) {
            let of =
                path.file_name().and_then(|name| name.to_str()?.strip_prefix("charts-")?.parse::<u32>().ok());
            if of.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
                fs::remove_dir_all(&path).ok();
            }
        }
    });
    let folder = temporary.join(format!("charts-{}", std::process::id())).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A copy of the chart that Helm can render.
pub fn prepared(chart: &Chart) -> PathBuf {
    let folder = scratch("copies").join(&chart.name);
    stand_in::chart(&chart.folder, &folder);
    folder
}

fn api_versions() -> Vec<String> {
    vec![
        "gateway.networking.k8s.io/v1".into(),
        "postgresql.cnpg.io/v1".into(),
        "monitoring.coreos.com/v1".into(),
    ]
}

fn kubernetes() -> String {
    format!("{}.0", book::string(&book::lock(), "kubernetes"))
}

/// The sets of values a chart is rendered with: its own, each topology's, each of tests/.
pub fn variants(chart: &Chart) -> Vec<(String, Vec<PathBuf>)> {
    let needed = chart.folder.join("tests/default.yaml");
    let base: Vec<PathBuf> = needed.exists().then_some(needed).into_iter().collect();
    let with = |path: &Path| base.iter().cloned().chain([path.to_owned()]).collect();
    let mut found = vec![("default".to_owned(), base.clone())];
    for topology in ["solo", "ha"] {
        let path = chart.folder.join(format!("values-{topology}.yaml"));
        found.push((topology.to_owned(), if path.exists() { with(&path) } else { base.clone() }));
    }
    for path in book::files_in(&chart.folder.join("tests")) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if name != "default" && path.extension().is_some_and(|extension| extension == "yaml") {
            found.push((name, with(&path)));
        }
    }
    found
}

/// Standard output, or what Helm complained of.
pub fn template(chart: &Chart, folder: &Path, files: &[PathBuf]) -> Result<String, String> {
    let (release, namespace) = chart.release();
    let mut command = helm();
    command.args(["template", &release]).arg(folder).args(["--namespace", &namespace]);
    command.args(["--kube-version", &kubernetes(), "--include-crds"]);
    for version in api_versions() {
        command.args(["--api-versions", &version]);
    }
    for file in files {
        command.arg("--values").arg(file);
    }
    let output = command.output().expect("Helm runs");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).expect("text"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

pub fn lint(chart: &Chart, folder: &Path, files: &[PathBuf]) -> Result<(), String> {
    let mut command = helm();
    command.arg("lint").arg(folder).args(["--namespace", &chart.release().1]);
    for file in files {
        command.arg("--values").arg(file);
    }
    let output = command.output().expect("Helm runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stdout).into_owned()) }
}

pub fn documents(text: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).expect("YAML"))
        .filter(|value| !value.is_null())
        .collect()
}

/// Everything, rendered once for all tests and kept until a chart changes: tests may be processes of their own.
pub fn all() -> &'static [Rendering] {
    static ALL: OnceLock<Vec<Rendering>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts-rendered");
        fs::create_dir_all(&folder).expect("a folder");
        let one_at_a_time = fs::File::create(folder.join("lock")).expect("a file");
        one_at_a_time.lock().expect("locked");
        let kept = folder.join("rendered.json");
        let state = state();
        if let Ok(text) = fs::read(&kept)
            && let Ok(found) = serde_json::from_slice::<Kept>(&text)
            && found.state == state
        {
            return found.renderings;
        }
        let found = Kept { state, renderings: render() };
        fs::write(&kept, serde_json::to_vec(&found).expect("JSON")).expect("written");
        found.renderings
    })
}

#[derive(Serialize, Deserialize)]
struct Kept {
    state: u64,
    renderings: Vec<Rendering>,
}

/// Of all charts and of what they are rendered for and by.
fn state() -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        kubernetes(),
        api_versions(),
        fs::metadata(book::root().join(".tools/bin/helm")).map(|file| file.len()).ok(),
    )
        .hash(&mut hasher);
    let mut open = vec![book::charts()];
    while let Some(folder) = open.pop() {
        for path in book::files_in(&folder) {
            if path.is_dir() {
                open.push(path);
            } else {
                path.hash(&mut hasher);
                fs::read(&path).expect("readable").hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

fn render() -> Vec<Rendering> {
    let mut found = Vec::new();
    for chart in book::all() {
        let folder = prepared(&chart);
        for (variant, files) in variants(&chart) {
            let text = template(&chart, &folder, &files)
                .unwrap_or_else(|error| panic!("{} ({variant}): {error}", chart.name));
            let objects = documents(&text)
                .into_iter()
                .filter(|object| book::string(object, "apiVersion") != "stand-in/v1")
                .collect();
            found.push(Rendering {
                chart: chart.name.clone(),
                variant,
                namespace: chart.release().1,
                objects,
            });
        }
    }
    found
}

pub fn described(rendering: &Rendering, object: &Value) -> String {
    format!(
        "{} ({}): {} {}",
        rendering.chart,
        rendering.variant,
        book::string(object, "kind"),
        book::string(object, "metadata.name")
    )
}
