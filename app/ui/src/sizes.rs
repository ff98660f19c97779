//! Memory and disk in the reader's language, with their units.

use crate::{
    messages::Messages,
    number::{number, tenths},
};

/// A count of MiB as people say it: `512 MB`, `4 GB`. Number and unit apart, for pages that set them apart.
pub fn memory_parts(words: &Messages, mb: i32) -> (String, &'static str) {
    if mb < 1024 {
        (number(words.locale, mb), words.common.unit_mb)
    } else {
        (tenths(words.locale, (i64::from(mb) * 10 + 512) / 1024), words.common.unit_gb)
    }
}

pub fn memory(words: &Messages, mb: i32) -> String {
    let (n, unit) = memory_parts(words, mb);
    format!("{n}\u{a0}{unit}")
}

/// A count of GB: `500 GB`, `2 TB`.
pub fn disk(words: &Messages, gb: i32) -> String {
    let (n, unit) = if gb < 1000 {
        (number(words.locale, gb), words.common.unit_gb)
    } else {
        (tenths(words.locale, i64::from(gb) / 100), words.common.unit_tb)
    };
    format!("{n}\u{a0}{unit}")
}

#[cfg(test)]
mod tests {
    use domain::text::Locale;

    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        let en = Messages::of(Locale::En);
        assert_eq!(memory(en, 512), "512\u{a0}MB");
        assert_eq!(memory(en, 8192), "8\u{a0}GB");
        assert_eq!(memory(en, 2756), "2.7\u{a0}GB");
        assert_eq!(disk(en, 500), "500\u{a0}GB");
        assert_eq!(disk(en, 2000), "2\u{a0}TB");
    }
}
