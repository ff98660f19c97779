//! The one formatter of amounts.

use domain::{money::Money, text::Locale};
use leptos::prelude::*;

/// `OMR 12.345` or `12.345 ر.ع.`: all decimals, Latin digits in both languages, as Omani shops print them.
/// Dinar and rial names are those in use in the Gulf; others keep their code.
pub fn text(locale: Locale, amount: Money) -> String {
    let plain = amount.to_string();
    if locale == Locale::En {
        return plain;
    }
    let code = amount.currency().code();
    let number = plain.replacen(code, "", 1).replace(' ', "");
    let unit = match code {
        "OMR" => "ر.ع.",
        "BHD" => "د.ب.",
        "KWD" => "د.ك.",
        "AED" => "د.إ.",
        "SAR" => "ر.س.",
        "QAR" => "ر.ق.",
        other => other,
    };
    format!("\u{2066}{number}\u{2069} {unit}")
}

/// An amount on a page: `<bdi class="money">`.
#[component]
pub fn Amount(of: Money, locale: Locale) -> impl IntoView {
    view! { <bdi class="money">{text(locale, of)}</bdi> }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    #[test]
    fn both_languages_print_every_decimal() {
        let amount = Money::from_minor(-1_234_500, Currency::OMR);
        assert_eq!(text(Locale::En, amount), "-OMR 1,234.500");
        assert_eq!(text(Locale::Ar, amount), "\u{2066}-1,234.500\u{2069} ر.ع.");
    }
}
