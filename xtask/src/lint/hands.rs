//! The program makes nothing in a cloud or a cluster by itself: OpenTofu, Crossplane and Flux do.

use std::path::Path;

use anyhow::Result;

use super::{project_files, text};

const HANDS: [&str; 5] = ["api.hetzner.cloud", "\"hcloud\"", "\"helm\"", "\"kubectl\"", "kube::"];

pub(super) fn check() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in project_files()?.into_iter().filter(|path| is_of_the_program(path)) {
        for (number, line) in text(&path).unwrap_or_default().lines().enumerate() {
            if has_hands(line) {
                faults.push(format!(
                    "{}:{}: a cloud or a cluster is changed by hand",
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

fn has_hands(line: &str) -> bool {
    let code = line.split("// ").next().unwrap_or_default();
    HANDS.iter().any(|hand| code.contains(hand))
}

#[cfg(test)]
mod tests {
    use super::has_hands;

    #[test]
    fn a_call_is_seen_and_a_comment_is_not() {
        assert!(has_hands(r#"    Command::new("kubectl").arg("apply")"#));
        assert!(has_hands(r#"    client.post("https://api.hetzner.cloud/v1/servers")"#));
        assert!(!has_hands(r#"    // what "helm" would do"#));
    }
}
