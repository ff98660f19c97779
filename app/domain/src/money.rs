//! Amounts of money: integer minor units and an ISO 4217 currency. No float anywhere.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The currencies that are not divided by 100, and those that people here use (ISO 4217, list one).
/// Any other three-letter code is refused rather than guessed.
const CURRENCIES: &[(&str, u32)] = &[
    ("AED", 2),
    ("BHD", 3),
    ("CHF", 2),
    ("CNY", 2),
    ("EGP", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("INR", 2),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("MAD", 2),
    ("OMR", 3),
    ("PKR", 2),
    ("QAR", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("TND", 3),
    ("TRY", 2),
    ("USD", 2),
    ("VND", 0),
];

/// The largest amount accepted from outside, in minor units: 10^12 (a thousand million OMR).
pub const MAX_MINOR: i64 = 1_000_000_000_000;

/// An ISO 4217 code out of the table above, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(&'static str);

impl Currency {
    /// Rial Omani, 1000 baisa: the currency of the seeded catalog.
    pub const OMR: Self = Self("OMR");

    /// Reads a code in any case.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let upper = text.to_ascii_uppercase();
        CURRENCIES
            .iter()
            .find(|(code, _)| *code == upper)
            .map(|(code, _)| Self(code))
            .ok_or(MoneyError::UnknownCurrency)
    }

    pub const fn code(&self) -> &'static str {
        self.0
    }

    #[cfg(all(test, feature = "testing"))]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().map(|(code, _)| Self(code))
    }

    /// Decimal places of the minor unit: 3 for OMR, 2 for USD, 0 for JPY.
    pub fn exponent(&self) -> u32 {
        CURRENCIES.iter().find(|(code, _)| *code == self.0).map_or(2, |(_, exponent)| *exponent)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("is not a currency that is used here")]
    UnknownCurrency,
    #[error("is not an amount such as 50.000")]
    NotAnAmount,
    #[error("has more than {0} decimals")]
    TooManyDecimals(u32),
    #[error("is too large")]
    TooLarge,
    #[error("amounts in different currencies cannot be combined")]
    MixedCurrencies,
}

/// An amount in minor units of its currency; may be negative.
/// JSON: `{"amount":"50.000","currency":"OMR"}`, always with all the currency's decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a decimal number exactly: an optional sign, digits, at most the currency's decimals.
    /// No exponent, no grouping, no float on the way.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = currency.exponent();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let point_without_decimals = digits.contains('.') && fraction.is_empty();
        if whole.is_empty() || point_without_decimals || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotAnAmount);
        }
        if fraction.len() > exponent as usize {
            return Err(MoneyError::TooManyDecimals(exponent));
        }
        if whole.len() > 15 {
            return Err(MoneyError::TooLarge);
        }
        let padded = format!("{whole}{fraction:0<width$}", width = exponent as usize);
        let minor: i64 = padded.parse().map_err(|_| MoneyError::TooLarge)?;
        if minor > MAX_MINOR {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    pub const fn minor(&self) -> i64 {
        self.minor
    }

    pub const fn currency(&self) -> Currency {
        self.currency
    }

    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    pub const fn is_positive(&self) -> bool {
        self.minor > 0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(self, other: Self, op: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies);
        }
        let minor = op(self.minor, other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// `percent` of a non-negative amount, half up to the minor unit: the one place where money is rounded.
    pub fn percent(self, percent: i64) -> Self {
        let scaled = i128::from(self.minor) * i128::from(percent);
        let rounded = (scaled + 50).div_euclid(100);
        Self { minor: i64::try_from(rounded).unwrap_or(i64::MAX), ..self }
    }

    /// The plain number with all decimals, `-5.750`: for JSON and for form fields.
    pub fn amount(&self) -> String {
        let exponent = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `OMR 1,234.500`; a minus stands before the code. Pages add the reader's language in `ui::money`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.amount();
        let unsigned = amount.trim_start_matches('-');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{} {grouped}{point}{fraction}", self.currency)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire { amount: self.amount(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Self::parse(&wire.amount, wire.currency).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, currency: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::parse(currency)?)
    }

    #[test]
    fn each_currency_has_its_own_minor_unit() {
        for (text, currency, minor) in [
            ("50.000", "OMR", 50_000),
            ("5.75", "OMR", 5_750),
            ("12.345", "BHD", 12_345),
            ("12.34", "USD", 1_234),
            ("1234", "JPY", 1_234),
            ("-0.001", "KWD", -1),
            ("0", "EUR", 0),
        ] {
            assert_eq!(money(text, currency).map(|m| m.minor()), Ok(minor), "{text} {currency}");
        }
    }

    #[test]
    fn an_amount_is_exact_or_refused() {
        assert_eq!(money("12.3456", "OMR"), Err(MoneyError::TooManyDecimals(3)));
        assert_eq!(money("1.0", "JPY"), Err(MoneyError::TooManyDecimals(0)));
        for text in ["", "-", ".5", "5.", "1e3", "+5", "1,000", "١٢", "NaN", " 5", "0x10"] {
            assert_eq!(money(text, "OMR"), Err(MoneyError::NotAnAmount), "{text:?}");
        }
        assert_eq!(money("99999999999999999999", "OMR"), Err(MoneyError::TooLarge));
        assert_eq!(money("1000000000.001", "OMR"), Err(MoneyError::TooLarge));
        assert_eq!(money("1", "OMG"), Err(MoneyError::UnknownCurrency));
    }

    #[test]
    fn writing_and_reading_an_amount_gives_it_back() {
        for currency in CURRENCIES.iter().map(|(code, _)| *code) {
            for minor in [0, 1, 9, 10, 999, 1_000, 123_456_789, -1, -1_000] {
                let amount = Money::from_minor(minor, Currency::parse(currency).unwrap());
                assert_eq!(money(&amount.amount(), currency), Ok(amount));
            }
        }
    }

    #[test]
    fn people_read_groups_and_all_decimals() {
        assert_eq!(money("1234567.5", "OMR").unwrap().to_string(), "OMR 1,234,567.500");
        assert_eq!(money("-999", "JPY").unwrap().to_string(), "-JPY 999");
    }

    #[test]
    fn a_percentage_rounds_half_up_once() {
        assert_eq!(Money::from_minor(9_005, Currency::OMR).percent(10).minor(), 901);
        assert_eq!(Money::from_minor(9_004, Currency::OMR).percent(10).minor(), 900);
    }

    #[test]
    fn different_currencies_do_not_add_up() {
        let omr = Money::from_minor(1, Currency::OMR);
        let usd = money("1", "USD").unwrap();
        assert_eq!(omr.checked_add(usd), Err(MoneyError::MixedCurrencies));
    }
}
