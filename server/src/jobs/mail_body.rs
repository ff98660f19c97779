//! A mail's text and HTML from the same blocks, in one language or in several.

use domain::text::Locale;

use html_escape::encode_quoted_attribute as escape;

pub(super) enum Block {
    Text(String),
    /// Words and address.
    Button(String, String),
    /// Something to copy, read from left to right in every language.
    Code(String),
    /// What and how much; the last line is the total.
    Table(Vec<(String, String)>),
}

/// One language's part.
pub(super) struct Part {
    pub locale: Locale,
    pub blocks: Vec<Block>,
}

pub(super) fn text(parts: &[Part]) -> String {
    let part = |part: &Part| part.blocks.iter().map(block_text).collect::<Vec<_>>().join("\n\n");
    parts.iter().map(part).collect::<Vec<_>>().join("\n\n---\n\n") + "\n"
}

fn block_text(block: &Block) -> String {
    match block {
        Block::Text(text) | Block::Code(text) => text.clone(),
        Block::Button(words, url) => format!("{words}: {url}"),
        Block::Table(lines) => {
            lines.iter().map(|(what, amount)| format!("{what}: {amount}")).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Styles are inline, as mail programs drop all others.
pub(super) fn html(parts: &[Part]) -> String {
    let (lang, dir) =
        parts.first().map_or(("en", "ltr"), |part| (part.locale.tag(), part.locale.direction()));
    let body: String = parts
        .iter()
        .map(|part| {
            let blocks: String = part.blocks.iter().map(block_html).collect();
            format!(
                "<div lang=\"{}\" dir=\"{}\" style=\"max-width:32rem;margin:0 auto;padding:1.5rem;font:16px/1.6 \
                 'Segoe UI',Tahoma,sans-serif;color:#241d1c\">{blocks}</div>",
                part.locale.tag(),
                part.locale.direction()
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html><html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\">\
         <meta name=\"color-scheme\" content=\"light\"></head>\
         <body style=\"margin:0;background:#fbf8f3\">{body}</body></html>"
    )
}

fn block_html(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p style=\"margin:0 0 1rem\">{}</p>", escape(text)),
        Block::Button(words, url) => format!(
            "<p style=\"margin:0 0 1rem\"><a href=\"{}\" style=\"display:inline-block;padding:.75rem 1.5rem;\
             border-radius:.5rem;background:#241d1c;color:#fff;text-decoration:none\">{}</a></p>",
            escape(url),
            escape(words)
        ),
        Block::Code(code) => format!(
            "<p style=\"margin:0 0 1rem\"><bdi dir=\"ltr\" style=\"font:600 28px/1.4 monospace;\
             letter-spacing:.2em\">{}</bdi></p>",
            escape(code)
        ),
        Block::Table(lines) => {
            let rows: String = lines
                .iter()
                .map(|(what, amount)| {
                    format!(
                        "<tr><td style=\"padding:.25rem 0;border-bottom:1px solid #e6ded3\">{}</td>\
                         <td style=\"padding:.25rem 0;border-bottom:1px solid #e6ded3;text-align:end\">\
                         <bdi>{}</bdi></td></tr>",
                        escape(what),
                        escape(amount)
                    )
                })
                .collect();
            format!("<table style=\"width:100%;margin:0 0 1rem;border-collapse:collapse\">{rows}</table>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same_and_the_html_is_escaped() {
        let blocks = vec![
            Block::Text("A & <b>".to_owned()),
            Block::Button("Open".to_owned(), "https://x.om/?a=1&b=2".to_owned()),
            Block::Code("012345".to_owned()),
            Block::Table(vec![("Plan M".to_owned(), "OMR 9.000".to_owned())]),
        ];
        let parts = [Part { locale: Locale::Ar, blocks }];
        let expected = "A & <b>\n\nOpen: https://x.om/?a=1&b=2\n\n012345\n\nPlan M: OMR 9.000\n";
        assert_eq!(text(&parts), expected);
        let html = html(&parts);
        assert!(
            html.contains("dir=\"rtl\"")
                && html.contains("A &amp; &lt;b&gt;")
                && html.contains("a=1&amp;b=2")
        );
    }
}
