//! Writes the tree's ConfigMap of versions from the version lock:
//! `cargo run -p cluster --example versions`, from the workspace's folder.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let lock = cluster::Lock::read(Path::new("infra/versions.yaml"))?;
    let file = Path::new("infra/clusters/_template/versions/configmap-versions.yaml");
    fs::write(file, lock.config_map()?)?;
    println!("{} is written", file.display());
    Ok(())
}
