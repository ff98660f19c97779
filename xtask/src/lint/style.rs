//! Arabic mirrors the page, so a style sheet says start and end, never left and right.

use anyhow::Result;

use super::exceptions::Exceptions;
use super::{project_files, text};

const SIDES: [&str; 4] = ["top", "right", "bottom", "left"];
const SIDED: [&str; 5] = ["margin-", "padding-", "border-", "scroll-margin-", "scroll-padding-"];

pub(super) fn check(exceptions: &Exceptions) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in project_files()? {
        let is_style = path.starts_with("style") && path.extension().is_some_and(|kind| kind == "css");
        if !is_style || exceptions.allow("style", &path) {
            continue;
        }
        for (number, line) in text(&path).unwrap_or_default().lines().enumerate() {
            for declaration in line.split(['{', ';']) {
                if let Some(found) = physical(declaration) {
                    faults.push(format!(
                        "{}:{}: `{found}`; use its logical form",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    Ok(faults)
}

/// A declaration that names a side of the screen.
fn physical(declaration: &str) -> Option<&str> {
    let (property, value) = declaration.trim().split_once(':')?;
    let property = property.trim();
    let side = SIDES.contains(&property);
    let sided = SIDED.iter().any(|prefix| {
        property
            .strip_prefix(prefix)
            .is_some_and(|rest| SIDES.iter().any(|side| rest.split('-').any(|word| word == *side)))
    });
    let directed = matches!(property, "text-align" | "float" | "clear")
        && matches!(value.trim().trim_end_matches('}').trim(), "left" | "right");
    (side || sided || directed).then_some(declaration.trim())
}

#[cfg(test)]
mod tests {
    use super::physical;

    #[test]
    fn sides_of_the_screen_are_found() {
        for declaration in
            ["margin-left: 1px", " left: 0", "border-top-right-radius: 2px", "text-align: right }"]
        {
            assert!(physical(declaration).is_some(), "{declaration}");
        }
        for declaration in
            ["margin-inline-start: 1px", "text-align: start", "a:hover", "inset-block-start: 0"]
        {
            assert!(physical(declaration).is_none(), "{declaration}");
        }
    }
}
