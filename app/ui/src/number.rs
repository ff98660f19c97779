//! Numbers and counts in the reader's language: the one place that knows digits and plurals.

use domain::text::Locale;

use crate::template::fill;

/// Western digits for English, Arabic-Indic ones with their own decimal and thousands marks for Arabic.
pub fn digits(locale: Locale, text: &str) -> String {
    if locale == Locale::En {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match c {
            '0'..='9' => char::from_u32(0x0660 + (c as u32 - '0' as u32)).unwrap_or(c),
            '.' => '٫',
            ',' => '٬',
            other => other,
        })
        .collect()
}

/// A whole number.
pub fn number(locale: Locale, n: impl std::fmt::Display) -> String {
    digits(locale, &n.to_string())
}

/// A message in the form that `n` asks for. Forms are joined by `|`: English one and other; Arabic one,
/// two, three to ten, eleven to ninety-nine, and hundreds. `{n}` becomes the number.
pub fn counted(locale: Locale, message: &str, n: i64) -> String {
    let forms: Vec<_> = message.split('|').collect();
    let wanted = match (locale, n) {
        (Locale::En, 1) => 0,
        (Locale::En, _) => 1,
        (Locale::Ar, 1) => 0,
        (Locale::Ar, 2) => 1,
        (Locale::Ar, n) => match n % 100 {
            3..=10 => 2,
            11..=99 => 3,
            _ => 4,
        },
    };
    let form = forms.get(wanted).or(forms.last()).copied().unwrap_or_default();
    fill(form, &[("n", &number(locale, n))])
}

/// Tenths, without a decimal that is zero: `2.7`, `8`.
pub(crate) fn tenths(locale: Locale, tenths: i64) -> String {
    let text =
        if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    digits(locale, &text)
}

/// Thousandths of a core: `0.5`, `4`.
pub fn cores(locale: Locale, milli: i32) -> String {
    if milli % 100 == 0 {
        return tenths(locale, i64::from(milli) / 100);
    }
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    digits(locale, text.trim_end_matches('0'))
}

/// `34 %` or `٣٤٪`.
pub fn percent(locale: Locale, n: i32) -> String {
    match locale {
        Locale::En => format!("{n}\u{a0}%"),
        Locale::Ar => format!("{}٪", number(locale, n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_digits_and_forms() {
        assert_eq!(digits(Locale::Ar, "1,234.500"), "١٬٢٣٤٫٥٠٠");
        let days = "{n} day|{n} days";
        assert_eq!(counted(Locale::En, days, 1), "1 day");
        assert_eq!(counted(Locale::En, days, 0), "0 days");
        let ar = "يوم واحد|يومان|{n} أيام|{n} يومًا|{n} يوم";
        for (n, text) in [(1, "يوم واحد"), (2, "يومان"), (7, "٧ أيام"), (15, "١٥ يومًا"), (100, "١٠٠ يوم")]
        {
            assert_eq!(counted(Locale::Ar, ar, n), text);
        }
    }

    #[test]
    fn cores_read_as_people_say_them() {
        assert_eq!(cores(Locale::En, 500), "0.5");
        assert_eq!(cores(Locale::En, 250), "0.25");
        assert_eq!(cores(Locale::Ar, 4000), "٤");
    }
}
