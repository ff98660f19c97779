//! Paths and texts among the tokens of a macro, which need not be Rust.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Lit;

/// A path, such as `crate::money::Money`, or the words of a text, and where it stands.
pub(crate) struct Mention<T> {
    pub(crate) what: T,
    pub(crate) line: usize,
}

/// What a token means for the word after it.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// A path begins with the word.
    Nothing,
    /// One colon, of which a second makes a path go on.
    Colon,
    /// The word goes on with the path.
    Path,
    /// The word is a field, a method, a lifetime, or the rest of a path whose beginning has brackets.
    NoPath,
}

/// What there is among tokens.
#[derive(Default)]
pub(super) struct Found {
    pub(super) paths: Vec<Mention<Vec<String>>>,
    pub(super) texts: Vec<Mention<String>>,
}

impl Found {
    pub(super) fn read(&mut self, tokens: TokenStream) {
        let mut before = Before::Nothing;
        let mut dots = 0;
        let mut in_path = false;
        for token in tokens {
            let dot = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '.');
            dots = if dot { dots + 1 } else { 0 };
            (before, in_path) = match token {
                TokenTree::Ident(word) => {
                    let is_path = before != Before::NoPath;
                    match (before, self.paths.last_mut()) {
                        (Before::Path, Some(path)) => path.what.push(plain(&word)),
                        _ if is_path => self.begin(&word),
                        _ => {}
                    }
                    (Before::Nothing, is_path)
                }
                TokenTree::Punct(mark) => match mark.as_char() {
                    ':' if before == Before::Colon && in_path => (Before::Path, true),
                    ':' if before == Before::Colon => (Before::NoPath, false),
                    ':' => (Before::Colon, in_path),
                    // `a.b` is a field, `0..b` a range.
                    '.' if dots == 1 => (Before::NoPath, false),
                    '\'' => (Before::NoPath, false),
                    _ => (Before::Nothing, false),
                },
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    (Before::Nothing, false)
                }
                TokenTree::Literal(literal) => {
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.texts.push(Mention { line: text.span().start().line, what: text.value() });
                    }
                    (Before::Nothing, false)
                }
            };
        }
    }

    fn begin(&mut self, word: &Ident) {
        self.paths.push(Mention { what: vec![plain(word)], line: word.span().start().line });
    }
}

/// `r#type` is the name `type`.
pub(super) fn plain(word: &Ident) -> String {
    word.to_string().trim_start_matches("r#").to_owned()
}

#[cfg(test)]
mod tests {
    use super::Found;

    fn paths(tokens: &str) -> Vec<String> {
        let mut found = Found::default();
        found.read(tokens.parse().expect("tokens"));
        found.paths.into_iter().map(|path| path.what.join("::")).collect()
    }

    #[test]
    fn paths_are_read_out_of_what_is_no_rust() {
        assert_eq!(paths("<super::tile::Tile app=app/>"), ["super::tile::Tile", "app", "app"]);
        assert_eq!(paths(r#"{"price": crate::money::spell(&row.price)}"#), ["crate::money::spell", "row"]);
        assert_eq!(
            paths("got = self::next(&mut sessions) => { 0..limits::MOST }"),
            ["got", "self::next", "mut", "sessions", "limits::MOST"]
        );
    }

    #[test]
    fn what_belongs_to_something_else_begins_no_path() {
        assert_eq!(paths("Vec::<u8>::with(x: &'a Name)"), ["Vec", "u8", "x", "Name"]);
    }
}
