//! Every sentence that people read, in both languages side by side, checked by the compiler: a message
//! that lacks a language does not build. Words live on the server; islands get theirs as properties.
//! `{name}` is replaced by `fill`.

use domain::text::Locale;

/// Declares a struct of messages: `key: "English", "Arabic";`.
macro_rules! messages {
    ($name:ident { $($key:ident: $en:literal, $ar:literal;)* }) => {
        #[derive(Debug)]
        pub struct $name {
            $(pub $key: &'static str,)*
        }

        impl $name {
            pub const EN: Self = Self { $($key: $en,)* };
            pub const AR: Self = Self { $($key: $ar,)* };

            /// Every message with its key: English, Arabic.
            pub const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $en, $ar),)*];

            /// The message of a key that is known only at run time, such as a toast's.
            pub fn find(&self, key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($key) => Some(self.$key),)*
                    _ => None,
                }
            }
        }
    };
}

mod accounts;
mod admin;
mod checkout;
mod common;
mod console;
mod mail;
mod marketplace;
mod problems;

pub use crate::template::fill;
pub use problems::{explain, explain_field};

/// The catalogue, one part a surface.
#[derive(Debug)]
pub struct Messages {
    pub locale: Locale,
    pub common: common::Common,
    pub marketplace: marketplace::Marketplace,
    pub checkout: checkout::Checkout,
    pub accounts: accounts::Accounts,
    pub console: console::Console,
    pub admin: admin::Admin,
    pub mail: mail::Mail,
    pub problems: problems::Problems,
}

static EN: Messages = Messages {
    locale: Locale::En,
    common: common::Common::EN,
    marketplace: marketplace::Marketplace::EN,
    checkout: checkout::Checkout::EN,
    accounts: accounts::Accounts::EN,
    console: console::Console::EN,
    admin: admin::Admin::EN,
    mail: mail::Mail::EN,
    problems: problems::Problems::EN,
};

static AR: Messages = Messages {
    locale: Locale::Ar,
    common: common::Common::AR,
    marketplace: marketplace::Marketplace::AR,
    checkout: checkout::Checkout::AR,
    accounts: accounts::Accounts::AR,
    console: console::Console::AR,
    admin: admin::Admin::AR,
    mail: mail::Mail::AR,
    problems: problems::Problems::AR,
};

impl Messages {
    pub const fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &EN,
            Locale::Ar => &AR,
        }
    }

    /// Looks a key up in every part.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.common
            .find(key)
            .or_else(|| self.marketplace.find(key))
            .or_else(|| self.checkout.find(key))
            .or_else(|| self.accounts.find(key))
            .or_else(|| self.console.find(key))
            .or_else(|| self.admin.find(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(text: &str) -> Vec<&str> {
        let mut found: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn both_languages_fill_the_same_places_and_arabic_is_arabic() {
        let parts = [
            common::Common::ALL,
            marketplace::Marketplace::ALL,
            checkout::Checkout::ALL,
            accounts::Accounts::ALL,
            console::Console::ALL,
            admin::Admin::ALL,
            mail::Mail::ALL,
            problems::Problems::ALL,
        ];
        for (key, en, ar) in parts.into_iter().flatten() {
            assert_eq!(placeholders(en), placeholders(ar), "{key}");
            assert!(!en.trim().is_empty() && !ar.trim().is_empty(), "{key}");
            let arabic = ar.chars().any(|c| ('\u{600}'..='\u{6ff}').contains(&c));
            assert!(arabic || !en.contains(' '), "{key} is not translated");
        }
    }
}
