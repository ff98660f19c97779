//! `.br` and `.gz` beside each text-like file, made once so that the server compresses nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

const KINDS: [&str; 4] = ["css", "js", "svg", "wasm"];
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW_BITS: i32 = 22;

pub(super) fn siblings(path: &Path) -> Result<Vec<PathBuf>> {
    let kind = path.extension().unwrap_or_default().to_string_lossy();
    if !KINDS.contains(&kind.as_ref()) {
        return Ok(Vec::new());
    }
    let content = fs::read(path)?;
    let changed = fs::metadata(path)?.modified()?;
    let mut made = Vec::new();
    for (suffix, compress) in [("br", brotli as fn(&[u8]) -> Result<Vec<u8>>), ("gz", gzip)] {
        let sibling = path.with_extension(format!("{kind}.{suffix}"));
        let current = fs::metadata(&sibling).and_then(|found| found.modified()).is_ok_and(|at| at >= changed);
        if !current {
            fs::write(&sibling, compress(&content)?)?;
        }
        made.push(sibling);
    }
    Ok(made)
}

pub(crate) fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

pub(crate) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
