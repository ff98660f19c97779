//! The one formatter of amounts.

use domain::{money::Money, text::Locale};
use leptos::prelude::*;

use crate::number::digits;

/// Sign, currency and number, each as the language writes it: all decimals, a real minus.
fn parts(locale: Locale, amount: Money) -> (&'static str, &'static str, String) {
    let code = amount.currency().code();
    let plain = amount.to_string();
    let (_, number) = plain.split_once(' ').unwrap_or(("", &plain));
    let sign = if amount.minor() < 0 { "\u{2212}" } else { "" };
    let unit = match (locale, code) {
        (Locale::En, code) => code,
        (_, "OMR") => "ر.ع.",
        (_, "BHD") => "د.ب.",
        (_, "KWD") => "د.ك.",
        (_, "AED") => "د.إ.",
        (_, "SAR") => "ر.س.",
        (_, "QAR") => "ر.ق.",
        (_, other) => other,
    };
    (sign, unit, digits(locale, number))
}

/// `OMR 12.345` or `١٢٫٣٤٥ ر.ع.`, for a sentence or an attribute.
pub fn text(locale: Locale, amount: Money) -> String {
    let (sign, unit, number) = parts(locale, amount);
    match locale {
        Locale::En => format!("{sign}{unit}\u{a0}{number}"),
        Locale::Ar => format!("{sign}{number}\u{a0}{unit}"),
    }
}

/// An amount on a page: `<span class="money">`.
#[component]
pub fn Amount(of: Money, locale: Locale) -> impl IntoView {
    let (sign, unit, number) = parts(locale, of);
    match locale {
        Locale::En => {
            view! { <span class="money">{sign}<span class="money__currency">{unit}</span>" "{number}</span> }
                .into_any()
        }
        Locale::Ar => {
            view! { <span class="money">{sign}{number}" "<span class="money__currency">{unit}</span></span> }
                .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    #[test]
    fn both_languages_print_every_decimal() {
        let amount = Money::from_minor(-1_234_500, Currency::OMR);
        assert_eq!(text(Locale::En, amount), "\u{2212}OMR\u{a0}1,234.500");
        assert_eq!(text(Locale::Ar, amount), "\u{2212}١٬٢٣٤٫٥٠٠\u{a0}ر.ع.");
    }
}
