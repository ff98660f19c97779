//! Moments and days as people read them, in UTC and said so: `23 Nov 2026, 14:05 UTC`.

use domain::text::Locale;
use leptos::prelude::*;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::number::{digits, number};

const MONTHS: [(&str, &str); 12] = [
    ("Jan", "يناير"),
    ("Feb", "فبراير"),
    ("Mar", "مارس"),
    ("Apr", "أبريل"),
    ("May", "مايو"),
    ("Jun", "يونيو"),
    ("Jul", "يوليو"),
    ("Aug", "أغسطس"),
    ("Sep", "سبتمبر"),
    ("Oct", "أكتوبر"),
    ("Nov", "نوفمبر"),
    ("Dec", "ديسمبر"),
];

/// `23 Nov 2026` or `٢٣ نوفمبر ٢٠٢٦`.
pub fn day(locale: Locale, at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (en, ar) = MONTHS[usize::from(u8::from(at.month())) - 1];
    let month = if locale == Locale::Ar { ar } else { en };
    format!("{} {month} {}", number(locale, at.day()), number(locale, at.year()))
}

/// `23 Nov 2026, 14:05 UTC` or `٢٣ نوفمبر ٢٠٢٦، ١٤:٠٥ UTC`.
pub fn moment(locale: Locale, at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let comma = if locale == Locale::Ar { '،' } else { ',' };
    let clock = digits(locale, &format!("{:02}:{:02}", at.hour(), at.minute()));
    format!("{}{comma} {clock} UTC", day(locale, at))
}

fn machine(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A day on a page; the moment is behind it.
#[component]
pub fn Day(of: OffsetDateTime, locale: Locale) -> impl IntoView {
    view! { <time class="figures" datetime=machine(of) title=moment(locale, of)>{day(locale, of)}</time> }
}

/// A moment on a page.
#[component]
pub fn Moment(of: OffsetDateTime, locale: Locale) -> impl IntoView {
    view! { <time class="figures" datetime=machine(of)>{moment(locale, of)}</time> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_month_and_the_zone() {
        let at = OffsetDateTime::from_unix_timestamp(1_795_442_700).expect("a moment");
        assert_eq!(moment(Locale::En, at), "23 Nov 2026, 14:05 UTC");
        assert_eq!(moment(Locale::Ar, at), "٢٣ نوفمبر ٢٠٢٦، ١٤:٠٥ UTC");
        assert_eq!(day(Locale::En, at), "23 Nov 2026");
    }
}
