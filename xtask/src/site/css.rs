//! One style sheet out of style/main.css and what it imports, each file in its cascade layer.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Mode;
use crate::commands::{root, target};

pub(super) fn build(mode: Mode) -> Result<String> {
    let folder = root().join("style");
    let main = folder.join("main.css");
    if !main.is_file() {
        println!("  style/main.css is not there: the style sheet is empty");
        return Ok(String::new());
    }
    let text = bundle(&main)?;
    // Where Cargo.toml tells cargo-leptos to find it.
    super::write_changed(&target().join("catalyst.css"), text.as_bytes())?;
    Ok(if mode == Mode::Release { without_comments(&text) } else { text })
}

fn bundle(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut bundled = String::with_capacity(text.len());
    for line in text.lines() {
        let Some(import) = line.trim().strip_prefix("@import ") else {
            bundled.push_str(line);
            bundled.push('\n');
            continue;
        };
        let Some((name, layer)) = parse(import) else {
            bail!(
                "{}: `{}` is not understood; write @import \"file.css\" layer(name);",
                file.display(),
                line.trim()
            );
        };
        let inner = bundle(&folder.join(name)).with_context(|| format!("imported by {}", file.display()))?;
        match layer {
            Some(layer) => bundled.push_str(&format!("@layer {layer} {{\n{inner}}}\n")),
            None => bundled.push_str(&inner),
        }
    }
    Ok(bundled)
}

/// `"file.css" layer(name);` → the file and its layer
fn parse(import: &str) -> Option<(&str, Option<&str>)> {
    let import = import.split("/*").next()?.trim().strip_suffix(';')?;
    let (name, rest) = import.strip_prefix('"')?.split_once('"')?;
    match rest.trim() {
        "" => Some((name, None)),
        layer => Some((name, Some(layer.strip_prefix("layer(")?.strip_suffix(')')?))),
    }
}

/// Without comments and indentation; strings stay as they are.
fn without_comments(text: &str) -> String {
    let mut small = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        small.push_str(before);
        let end = if from.starts_with("/*") {
            from.find("*/").map_or(from.len(), |end| end + 2)
        } else if from.starts_with('/') {
            small.push('/');
            1
        } else {
            let end = string_end(from);
            small.push_str(&from[..end]);
            end
        };
        rest = &from[end..];
    }
    small.push_str(rest);
    let lines = small.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::with_capacity(small.len()), |all, line| all + line + "\n")
}

/// The length of the quoted string that the text begins with.
fn string_end(text: &str) -> usize {
    let quote = text.chars().next();
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if Some(letter) == quote {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{parse, without_comments};

    #[test]
    fn an_import_names_its_file_and_layer() {
        assert_eq!(parse("\"a.css\" layer(base);"), Some(("a.css", Some("base"))));
        assert_eq!(parse("\"a.css\"; /* first */"), Some(("a.css", None)));
        assert_eq!(parse("url(a.css);"), None);
        assert_eq!(parse("\"a.css\" screen;"), None);
    }

    #[test]
    fn comments_go_and_strings_stay() {
        let text = "/* a */ a {\n  content: \"/* kept */ \\\" \"; /* b */\n\n  inset: 1px / 2px;\n}\n";
        assert_eq!(without_comments(text), "a {\ncontent: \"/* kept */ \\\" \";\ninset: 1px / 2px;\n}\n");
    }
}
