//! OpenTofu, or Terraform of the same age: whichever this machine has.

use std::path::Path;
use std::process::{Command, Output};

/// `CATALYST_TOFU`, else `tofu`, else `terraform`; without any of them the test fails and says why.
pub fn engine() -> String {
    if let Ok(named) = std::env::var("CATALYST_TOFU") {
        return named;
    }
    for name in ["tofu", "terraform"] {
        if Command::new(name).arg("version").output().is_ok() {
            return name.to_owned();
        }
    }
    panic!(
        "neither tofu nor terraform is on PATH. `scripts/setup test` installs OpenTofu into .tools/bin; or name a binary by CATALYST_TOFU"
    );
}

/// Runs it in a folder, without network, colours or questions.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    let engine = engine();
    Command::new(&engine)
        .args(arguments)
        .current_dir(folder)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .env("TF_INPUT", "0")
        .env("TF_CLI_ARGS", "-no-color")
        .env_remove("TF_CLI_CONFIG_FILE")
        .env_remove("TF_DATA_DIR")
        .output()
        .unwrap_or_else(|error| panic!("{engine} does not start: {error}"))
}

/// The same, and it must work.
pub fn run_well(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{} in {}:\n{text}\n{}",
        arguments.join(" "),
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
