//! Text that people type, parsed once at the edge; inside, only types that cannot be wrong.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::error::Problem;

/// Names that no Organization may take: they are, or may become, hosts of the Sovereign itself.
/// The one list for every place that makes a name.
pub const RESERVED_SLUGS: &[&str] = &[
    "admin",
    "api",
    "app",
    "auth",
    "billing",
    "blog",
    "catalyst",
    "console",
    "docs",
    "flux",
    "gitea",
    "harbor",
    "help",
    "imap",
    "k8s",
    "keycloak",
    "kube-system",
    "login",
    "mail",
    "marketplace",
    "openbao",
    "openova",
    "root",
    "smtp",
    "sovereign",
    "status",
    "support",
    "system",
    "vault",
    "vpn",
    "www",
];

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|problem| de::Error::custom(problem.to_string()))
            }
        }
    };
}

text_type! {
    /// An address, trimmed and lower-cased, at most 254 characters (RFC 5321).
    Email
}

text_type! {
    /// The name of an Organization in hosts, namespaces and repositories: 3 to 31 of a–z, 0–9 and
    /// single inner hyphens, beginning with a letter, and not reserved.
    Slug
}

text_type! {
    /// A voucher's code, trimmed and upper-cased: 3 to 40 of A–Z, 0–9 and single inner hyphens.
    VoucherCode
}

text_type! {
    /// What people call an Organization: 1 to 80 characters, no control characters.
    OrganizationName
}

impl Email {
    pub const MAX: usize = 254;

    pub fn parse(text: &str) -> Result<Self, Problem> {
        let email = text.trim().to_lowercase();
        if email.is_empty() {
            return Err(Problem::Required);
        }
        if email.len() > Self::MAX {
            return Err(Problem::TooLong { max: Self::MAX });
        }
        let (local, host) = email.rsplit_once('@').ok_or(Problem::NotAnEmail)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let host_ok = host == "localhost"
            || (host.contains('.')
                && host.split('.').all(|label| {
                    !label.is_empty()
                        && label.len() <= 63
                        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                }));
        if local_ok && host_ok { Ok(Self(email)) } else { Err(Problem::NotAnEmail) }
    }
}

/// Letters or digits in groups joined by single hyphens.
fn is_hyphenated(text: &str, allowed: fn(u8) -> bool) -> bool {
    text.split('-').all(|group| !group.is_empty() && group.bytes().all(allowed))
}

impl Slug {
    pub const MIN: usize = 3;
    pub const MAX: usize = 31;

    pub fn parse(text: &str) -> Result<Self, Problem> {
        let slug = text.trim().to_lowercase();
        if slug.is_empty() {
            return Err(Problem::Required);
        }
        if slug.len() < Self::MIN {
            return Err(Problem::TooShort { min: Self::MIN });
        }
        if slug.len() > Self::MAX {
            return Err(Problem::TooLong { max: Self::MAX });
        }
        let begins_with_letter = slug.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins_with_letter || !is_hyphenated(&slug, |b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Err(Problem::NotASlug);
        }
        if RESERVED_SLUGS.contains(&slug.as_str()) {
            return Err(Problem::Reserved);
        }
        Ok(Self(slug))
    }

    /// A proposal out of a name: `Al Noor Pharmacy!` gives `al-noor-pharmacy`. Empty where the name
    /// holds nothing that a slug can (an Arabic one, say).
    pub fn propose(name: &str) -> String {
        let mut slug = String::new();
        for c in name.to_lowercase().chars() {
            if c.is_ascii_lowercase() || (c.is_ascii_digit() && !slug.is_empty()) {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(Self::MAX);
        slug.trim_end_matches('-').to_owned()
    }
}

impl VoucherCode {
    pub const MIN: usize = 3;
    pub const MAX: usize = 40;

    /// The one place where a code is trimmed and upper-cased.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let code = text.trim().to_uppercase();
        if code.is_empty() {
            return Err(Problem::Required);
        }
        if code.len() < Self::MIN {
            return Err(Problem::TooShort { min: Self::MIN });
        }
        if code.len() > Self::MAX {
            return Err(Problem::TooLong { max: Self::MAX });
        }
        if !is_hyphenated(&code, |b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err(Problem::NotACode);
        }
        Ok(Self(code))
    }
}

impl OrganizationName {
    pub const MAX: usize = 80;

    pub fn parse(text: &str) -> Result<Self, Problem> {
        plain_text(text, Self::MAX)
            .and_then(|name| if name.is_empty() { Err(Problem::Required) } else { Ok(Self(name)) })
    }
}

/// One line of text, trimmed, at most `max` characters, without control characters.
pub fn plain_text(text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Problem::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::ControlCharacters);
    }
    Ok(text.to_owned())
}

/// Arabic-Indic and Persian digits, and the Arabic decimal mark, as the Latin ones that numbers are read from.
pub fn latin_digits(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{660}'..='\u{669}' => char::from_digit(c as u32 - 0x660, 10).unwrap_or(c),
            '\u{6f0}'..='\u{6f9}' => char::from_digit(c as u32 - 0x6f0, 10).unwrap_or(c),
            '\u{66b}' => '.',
            other => other,
        })
        .collect()
}

/// A text in the languages of the product. English is always there; Arabic may be missing in what an
/// admin added, and then English is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Localized {
    pub en: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ar: String,
}

impl Localized {
    pub fn same(text: &str) -> Self {
        Self { en: text.to_owned(), ar: String::new() }
    }

    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ar if !self.ar.is_empty() => &self.ar,
            _ => &self.en,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    #[default]
    En,
    Ar,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::En, Self::Ar];

    /// The language tag: `en` or `ar`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ar => "ar",
        }
    }

    pub const fn direction(self) -> &'static str {
        match self {
            Self::En => "ltr",
            Self::Ar => "rtl",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', ';']).next()?;
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The first language of an Accept-Language header that is spoken here.
    pub fn from_accept_language(header: &str) -> Self {
        header.split(',').find_map(Self::from_tag).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_decides_every_slug() {
        for good in ["abc", "al-noor", "a1-b2-c3", "abcdefghijklmnopqrstuvwxyz01234"] {
            assert_eq!(Slug::parse(good).map(|s| s.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(Slug::parse(" AL-Noor "), Slug::parse("al-noor"));
        for bad in ["1abc", "-abc", "abc-", "a--b", "a_b", "../x", "a.b", "عيادة", "a b c", "abc\0"] {
            assert_eq!(Slug::parse(bad), Err(Problem::NotASlug), "{bad}");
        }
        assert_eq!(Slug::parse("ab"), Err(Problem::TooShort { min: 3 }));
        assert_eq!(Slug::parse(&"a".repeat(32)), Err(Problem::TooLong { max: 31 }));
        for reserved in RESERVED_SLUGS {
            assert!(Slug::parse(reserved).is_err(), "{reserved}");
        }
    }

    #[test]
    fn a_proposed_slug_is_a_slug_or_empty() {
        for (name, slug) in [
            ("Al Noor Pharmacy!", "al-noor-pharmacy"),
            ("24 Hours", "hours"),
            ("صيدلية", ""),
            ("--a--b--", "a-b"),
        ] {
            assert_eq!(Slug::propose(name), slug);
        }
    }

    #[test]
    fn codes_are_trimmed_and_upper_cased_in_one_place() {
        assert_eq!(VoucherCode::parse("  welcome-50 ").map(|c| c.to_string()), Ok("WELCOME-50".to_owned()));
        assert_eq!(VoucherCode::parse("   "), Err(Problem::Required));
        for bad in ["A B C", "ABC-", "AB--C", "ÄBC", "ABC\0", "ABC;DROP"] {
            assert_eq!(VoucherCode::parse(bad), Err(Problem::NotACode), "{bad}");
        }
    }

    #[test]
    fn addresses_are_one_form_and_nothing_else() {
        assert_eq!(
            Email::parse(" Sara@Example.COM ").map(|e| e.to_string()),
            Ok("sara@example.com".to_owned())
        );
        for bad in
            ["a", "a@", "@b.c", "a@b", "a b@c.d", "a@b..c", "a@-b.c", "a\r\nbcc:x@y.z", "a\0@b.c", ".a@b.c"]
        {
            assert_eq!(Email::parse(bad), Err(Problem::NotAnEmail), "{bad:?}");
        }
    }

    #[test]
    fn numbers_typed_in_arabic_are_numbers() {
        assert_eq!(latin_digits("١٢٫٣٤٥"), "12.345");
        assert_eq!(latin_digits("۴۵ OMR"), "45 OMR");
    }

    #[test]
    fn the_browsers_language_decides_unless_unknown() {
        assert_eq!(Locale::from_accept_language("ar-OM,ar;q=0.9,en;q=0.8"), Locale::Ar);
        assert_eq!(Locale::from_accept_language("fr-FR,ar;q=0.5"), Locale::Ar);
        assert_eq!(Locale::from_accept_language("de"), Locale::En);
    }
}
