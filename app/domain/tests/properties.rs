//! What holds for every input. `PROPTEST_CASES=1000000` tries that many of each; the nightly run does.

use domain::{
    identity::local_path,
    money::{Currency, Money},
    text::{Email, Slug, VoucherCode, latin_digits},
};
use proptest::prelude::*;
use url::Url;

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(&["OMR", "USD", "JPY"]).prop_map(|code| Currency::parse(code).expect("a currency"))
}

/// Much that looks like an address, and some that is.
fn address() -> impl Strategy<Value = String> {
    prop_oneof!["/[/\\\\\\t\\n]{0,3}[a-z.]{1,8}", "[/\\\\.:@\\t\\r\\n a-z?#%]{0,12}", any::<String>()]
}

proptest! {
    #[test]
    fn an_amount_reads_back_as_it_was_written(minor in -(10_i64.pow(12))..10_i64.pow(12), currency in currency()) {
        let money = Money::from_minor(minor, currency);
        prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
        let json = serde_json::to_string(&money).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Money>(&json).expect("money"), money);
    }

    #[test]
    fn what_is_read_as_an_amount_is_worth_what_it_says(text in "-?[0-9.]{0,18}|\\PC{0,12}", currency in currency()) {
        if let Ok(money) = Money::parse(&text, currency) {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let mut digits = format!("{whole}{fraction}");
            digits.extend(std::iter::repeat_n('0', currency.exponent() as usize - fraction.len()));
            prop_assert_eq!(i128::from(money.minor()), digits.parse::<i128>().expect("digits"));
        }
    }

    #[test]
    fn a_percentage_is_rounded_by_at_most_half_a_minor_unit(minor in 0_i64..10_i64.pow(12), percent in 0_i64..=100) {
        let part = Money::from_minor(minor, Currency::OMR).percent(percent).minor();
        prop_assert!((part * 100 - minor * percent).abs() <= 50);
        prop_assert!(part <= minor);
    }

    #[test]
    fn nobody_is_led_to_another_site(text in address()) {
        let here = Url::parse("https://shop.example.om/sign-in").expect("an address");
        let there = here.join(local_path(&text)).expect("an address");
        prop_assert_eq!(there.origin(), here.origin());
    }

    #[test]
    fn what_was_read_is_read_again_as_the_same(text in "\\PC{0,45}|[ a-zA-Z0-9@.-]{0,45}") {
        if let Ok(code) = VoucherCode::parse(&text) {
            prop_assert_eq!(VoucherCode::parse(code.as_str()), Ok(code));
        }
        if let Ok(slug) = Slug::parse(&text) {
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
        }
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(email.as_str().is_ascii());
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
        }
    }

    #[test]
    fn a_proposed_slug_is_a_slug_if_it_is_long_enough(name in "\\PC{0,60}") {
        let slug = Slug::propose(&name);
        let good = Slug::parse(&slug).is_ok() || slug.len() < Slug::MIN || domain::text::RESERVED_SLUGS.contains(&&*slug);
        prop_assert!(good, "{}", slug);
    }

    #[test]
    fn arabic_digits_are_the_numbers_that_they_write(number in any::<u64>()) {
        let arabic: String = number.to_string().chars().map(|digit| {
            char::from_u32(digit as u32 - '0' as u32 + 0x660).expect("a digit")
        }).collect();
        prop_assert_eq!(latin_digits(&arabic), number.to_string());
    }
}
