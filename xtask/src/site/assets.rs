//! Fonts, icons and pictures: copied when they changed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Mode, write_if_new};
use crate::commands::root;

pub(super) fn copy(site: &Path, mode: Mode, kept: &mut Vec<PathBuf>) -> Result<()> {
    let from = root().join("style/assets");
    if from.is_dir() {
        copy_folder(&from, &site.join("assets"), mode, kept)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path, mode: Mode, kept: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let source = entry?.path();
        let Some(name) = source.file_name() else { continue };
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let destination = to.join(name);
        if source.is_dir() {
            copy_folder(&source, &destination, mode, kept)?;
        } else {
            let content =
                fs::read(&source).with_context(|| format!("{} could not be read", source.display()))?;
            write_if_new(&destination, &content, mode, kept)?;
        }
    }
    Ok(())
}
