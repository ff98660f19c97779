//! The program calls no cloud's API, no helm and no kubectl: OpenTofu, Crossplane and Flux change clouds and
//! clusters.

use std::path::Path;

use anyhow::Result;

use super::{project_files, text};

const CALLS: [&str; 5] = ["api.hetzner.cloud", "\"hcloud\"", "\"helm\"", "\"kubectl\"", "kube::"];

pub(super) fn check() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in project_files()?.into_iter().filter(|path| is_of_the_program(path)) {
        for (number, line) in text(&path).unwrap_or_default().lines().enumerate() {
            if calls_a_cloud(line) {
                faults.push(format!(
                    "{}:{}: the program calls a cloud's API, helm or kubectl; leave that to OpenTofu, Crossplane \
                     and Flux",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(faults)
}

fn is_of_the_program(path: &Path) -> bool {
    let folder = |name| path.components().any(|part| part.as_os_str() == name);
    path.extension().is_some_and(|kind| kind == "rs")
        && (path.starts_with("app") || path.starts_with("server"))
        && folder("src")
}

fn calls_a_cloud(line: &str) -> bool {
    let code = line.split("// ").next().unwrap_or_default();
    CALLS.iter().any(|call| code.contains(call))
}

#[cfg(test)]
mod tests {
    use super::calls_a_cloud;

    #[test]
    fn a_call_is_seen_and_a_comment_is_not() {
        assert!(calls_a_cloud(r#"    Command::new("kubectl").arg("apply")"#));
        assert!(calls_a_cloud(r#"    client.post("https://api.hetzner.cloud/v1/servers")"#));
        assert!(!calls_a_cloud(r#"    // what "helm" would do"#));
    }
}
