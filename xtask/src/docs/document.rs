//! A Markdown document, taken apart into what is checked.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Something written at a place in the document.
pub(super) struct At {
    pub(super) offset: usize,
    pub(super) text: String,
}

pub(super) struct Block {
    pub(super) at: At,
    /// What follows the opening fence: `sh run`.
    pub(super) info: String,
}

/// A table's rows, its head first; each cell as it is written.
pub(super) struct Table {
    pub(super) range: Range<usize>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) offset: usize,
    pub(super) cells: Vec<String>,
}

#[derive(Default)]
pub(super) struct Document {
    pub(super) path: String,
    text: String,
    /// As long as the document; all but the words that people read are blanks.
    pub(super) prose: String,
    pub(super) links: Vec<At>,
    pub(super) anchors: BTreeSet<String>,
    /// What stands in single backticks.
    pub(super) codes: Vec<At>,
    pub(super) blocks: Vec<Block>,
    pub(super) tables: Vec<Table>,
}

impl Document {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let mut document = Self { path: path.to_owned(), text: text.to_owned(), ..Self::default() };
        let mut read: Vec<Range<usize>> = Vec::new();
        let mut heading: Option<String> = None;
        let mut block: Option<Block> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let at = |text: String| At { offset: range.start, text };
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(at(dest_url.into_string()));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    document.name(&heading.take().unwrap_or_default());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = if let CodeBlockKind::Fenced(info) = kind {
                        info.into_string()
                    } else {
                        String::new()
                    };
                    block = Some(Block { at: at(String::new()), info });
                }
                Event::End(TagEnd::CodeBlock) => document.blocks.extend(block.take()),
                Event::Start(Tag::Table(_)) => document.tables.push(Table { range, rows: Vec::new() }),
                Event::Start(Tag::TableHead | Tag::TableRow) => {
                    let row = Row { offset: range.start, cells: Vec::new() };
                    if let Some(table) = document.tables.last_mut() {
                        table.rows.push(row);
                    }
                }
                Event::Start(Tag::TableCell) => {
                    let cell = text[range].trim().to_owned();
                    if let Some(row) = document.tables.last_mut().and_then(|table| table.rows.last_mut()) {
                        row.cells.push(cell);
                    }
                }
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    }
                    document.codes.push(at(code.into_string()));
                }
                Event::Text(words) => {
                    if let Some(block) = &mut block {
                        block.at.text.push_str(&words);
                        continue;
                    }
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                    read.push(range);
                }
                _ => {}
            }
        }
        document.prose = only(text, &read);
        document
    }

    /// The folder that the document's relative paths begin at.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub(super) fn fault(&self, offset: usize, what: impl Display) -> String {
        let line = self.text[..offset].matches('\n').count() + 1;
        format!("{}:{line}: {what}", self.path)
    }

    /// Keeps a heading's anchor, as GitHub makes it: a repeated one is numbered.
    fn name(&mut self, heading: &str) {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor = kept.collect::<String>().trim().to_lowercase().replace(' ', "-");
        let mut name = anchor.clone();
        let mut number = 0;
        while !self.anchors.insert(name) {
            number += 1;
            name = format!("{anchor}-{number}");
        }
    }
}

fn only(text: &str, kept: &[Range<usize>]) -> String {
    let mut prose = String::with_capacity(text.len());
    for range in kept {
        prose.extend(std::iter::repeat_n(' ', range.start.saturating_sub(prose.len())));
        prose.push_str(&text[range.clone()]);
    }
    prose.extend(std::iter::repeat_n(' ', text.len().saturating_sub(prose.len())));
    prose
}

#[cfg(test)]
mod tests {
    use super::Document;

    const TEXT: &str = "# The `a` of b, now\n\nSee [it](x.md#y) or\n`a/b` é.\n\n```sh run\ntrue\n```\n\n\
                        | A | B |\n|---|---|\n| one `two` | 3 |\n\n## Twice\n\n## Twice\n";

    #[test]
    fn a_document_is_taken_apart() {
        let document = Document::read("docs/x.md", TEXT);
        assert_eq!(document.links[0].text, "x.md#y");
        assert_eq!(
            document.codes.iter().map(|code| code.text.as_str()).collect::<Vec<_>>(),
            ["a", "a/b", "two"]
        );
        assert_eq!(
            (document.blocks[0].info.as_str(), document.blocks[0].at.text.as_str()),
            ("sh run", "true\n")
        );
        assert_eq!(document.tables[0].rows[1].cells, ["one `two`", "3"]);
        assert_eq!(Vec::from_iter(&document.anchors), ["the-a-of-b-now", "twice", "twice-1"]);
        assert_eq!(document.folder(), "docs");
    }

    #[test]
    fn prose_keeps_its_place_and_leaves_code_out() {
        let document = Document::read("x.md", TEXT);
        assert_eq!(document.prose.find('é'), TEXT.find('é'));
        assert!(!document.prose.contains("a/b") && !document.prose.contains("true"));
        assert_eq!(document.fault(TEXT.find('é').expect("there"), "é"), "x.md:4: é");
    }
}
