//! The development mailbox in the browser. There only while mails are kept instead of being sent.

use std::sync::Arc;

use adapters::mailbox::DevelopmentMailbox;
use axum::{
    extract::State,
    response::{Html, IntoResponse as _, Response},
};
use html_escape::encode_quoted_attribute as escape;
use http::StatusCode;
use ui::server::Site;

/// GET /dev/mail: the newest first. Links can be followed; nothing of a mail is taken as HTML.
pub async fn show(
    State(mailbox): State<Option<DevelopmentMailbox>>,
    State(site): State<Arc<Site>>,
) -> Response {
    let Some(mailbox) = mailbox else { return StatusCode::NOT_FOUND.into_response() };
    let mails = match tokio::task::spawn_blocking(move || mailbox.list()).await {
        Ok(Ok(mails)) => mails,
        _ => return (StatusCode::INTERNAL_SERVER_ERROR, "The mailbox cannot be read.\n").into_response(),
    };
    let list: String = mails
        .iter()
        .map(|mail| {
            let time = mail.at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
            format!(
                "<article class=\"panel\"><h2 class=\"panel__title\">{}</h2><p>To <strong>{}</strong>, \
                 <time datetime=\"{time}\">{time}</time></p><p dir=\"auto\">{}</p></article>",
                escape(&mail.subject),
                escape(&mail.to),
                mail.text.lines().map(write_line).collect::<Vec<_>>().join("<br>"),
            )
        })
        .collect();
    let list = if list.is_empty() { "<p>No mail yet.</p>".to_owned() } else { list };
    Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Development mailbox</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/{}\"></head><body><main class=\"page page--narrow\">\
         <h1>Development mailbox</h1><p>Mails are kept here and sent nowhere. <a href=\"/dev/mail\">Look again</a></p>\
         {list}</main></body></html>",
        site.assets.css
    ))
    .into_response()
}

/// A line of text with its links.
fn write_line(line: &str) -> String {
    let is_code = line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    if is_code {
        return format!("<strong><code>{line}</code></strong>");
    }
    let word = |word: &str| {
        let text = escape(word);
        let is_link = word.starts_with("http://") || word.starts_with("https://");
        if is_link { format!("<a href=\"{text}\">{text}</a>") } else { text.into_owned() }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_text_with_links_and_nothing_else() {
        assert_eq!(
            write_line("Open http://127.0.0.1:3000/sign-in/link?token=ab&x=1 now"),
            "Open <a href=\"http://127.0.0.1:3000/sign-in/link?token=ab&amp;x=1\">\
             http://127.0.0.1:3000/sign-in/link?token=ab&amp;x=1</a> now"
        );
        assert_eq!(write_line("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(write_line("012345"), "<strong><code>012345</code></strong>");
    }
}
