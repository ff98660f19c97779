//! Each Blueprint's README ends with a table of its values, made from values.yaml:
//! `CATALYST_WRITE_README=1 cargo test -p infra-checks --test charts readme` writes them.

use std::fmt::Write as _;

use serde_yaml_ng::Value;

use crate::book::{self, Chart, leaves, string};

const MARK: &str = "<!-- values: written by the checks; what stands below is replaced -->";

fn table(chart: &Chart) -> String {
    let mut paths = Vec::new();
    leaves(&chart.values, "", &mut paths);
    let mut text = String::from("\n| Value | Default |\n| --- | --- |\n");
    for path in paths.iter().filter(|path| !path.starts_with("catalystBlueprint")) {
        let value = book::at(&chart.values, path).unwrap_or(&Value::Null);
        let shown = serde_json::to_string(value).unwrap_or_default().replace('|', "\\|");
        let shown = if shown.len() > 80 { "(see values.yaml)".to_owned() } else { format!("`{shown}`") };
        writeln!(text, "| `{path}` | {shown} |").expect("text");
    }
    text
}

fn head(chart: &Chart) -> String {
    let mut text = format!("# {}\n\n{}.\n\n", chart.name, string(&chart.meta, "description"));
    for dependency in chart.dependencies() {
        writeln!(
            text,
            "Upstream: `{}` {} from {}.\n",
            dependency.name, dependency.version, dependency.repository
        )
        .expect("text");
    }
    let (release, namespace) = chart.release();
    writeln!(text, "Release `{release}` in namespace `{namespace}`.\n").expect("text");
    text
}

#[test]
fn every_readme_lists_the_values_as_they_are() {
    let write = std::env::var_os("CATALYST_WRITE_README").is_some();
    for chart in book::all() {
        let path = chart.folder.join("README.md");
        let now = std::fs::read_to_string(&path).unwrap_or_else(|_| head(&chart));
        let own = now.split(MARK).next().expect("a part").trim_end().to_owned();
        let wanted = format!("{own}\n\n{MARK}\n{}", table(&chart));
        if write {
            std::fs::write(&path, &wanted).expect("written");
        } else {
            assert!(now == wanted, "{} is not up to date: see {}", path.display(), file!());
        }
    }
}
