//! The repository's README: what lies where, who changes it, which secrets it expects.

use super::names::{Environment, host, namespace};
use super::{ApplicationSpec, Blueprint, external_secret};

/// A person's text as Markdown that shows it as it is: one line, no markup.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // Marks that turn the reading direction would reorder what follows them.
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') {
            escaped.push(' ');
        } else {
            if c.is_ascii_punctuation() {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn write_readme(spec: &ApplicationSpec, blueprint: &Blueprint) -> String {
    let mut text = format!(
        "# {} of {}\n\n\
         Installed from `bp-{}@{}`. Everything that runs is described here; nothing here is secret.\n\n\
         | Path | What it is |\n|---|---|\n\
         | `app.yaml` | Blueprint, version and values: what the console's form edits |\n\
         | `base/` | One Kubernetes object a file |\n\
         | `overlays/` | What differs in each Environment |\n\n\
         | Environment | Branch | Overlay | Host |\n|---|---|---|---|\n",
        escape_markdown(&spec.app_name),
        escape_markdown(&spec.organization_name),
        spec.app_slug,
        spec.blueprint_version,
    );
    for environment in Environment::ALL {
        let host = match blueprint {
            Blueprint::App(_) => format!("`{}`", host(spec, environment)),
            Blueprint::Service(_) => "none".to_owned(),
        };
        text.push_str(&format!(
            "| `{}` | `{}` | `overlays/{}` | {host} |\n",
            namespace(&spec.organization_slug, environment),
            environment.branch().name(),
            environment.name(),
        ));
    }
    text.push_str(
        "\nA change goes into `develop` and is promoted by merging: `develop` to `staging`, `staging` to `main`.\n",
    );
    if let Some(secret) = external_secret(spec, blueprint) {
        text.push_str(&format!(
            "\n## Secrets\n\n\
             The Environment's secret store holds these properties under `applications/{}`. Letters and digits\n\
             only, 32 of them: some stand in connection strings, some are keys of exactly that length.\n\n",
            spec.app_slug
        ));
        for entry in secret["spec"]["data"].as_array().into_iter().flatten() {
            text.push_str(&format!("- `{}`\n", entry["secretKey"].as_str().unwrap_or_default()));
        }
    }
    text
}
