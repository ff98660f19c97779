//! Amounts on the wire, read and written exactly: no float on either way.

use domain::{
    error::Problem,
    money::{Currency, MAX_MINOR, Money, MoneyError},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An amount and its currency: `{"amount":"50.000","currency":"OMR"}`.
#[derive(Serialize, ToSchema)]
#[schema(title = "Money")]
pub struct MoneyBody {
    /// With all the decimals of the currency.
    #[schema(example = "50.000")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "OMR")]
    currency: &'static str,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().code() }
    }
}

/// The two fields of the former API beside `MoneyBody`: rials as a decimal number, and baisa.
/// Both are null in another currency.
pub struct Omr {
    pub omr: Option<Decimal>,
    pub baisa: Option<i64>,
}

impl From<Money> for Omr {
    fn from(money: Money) -> Self {
        let rial = money.currency() == Currency::OMR;
        Self { omr: rial.then_some(Decimal(money)), baisa: rial.then_some(money.minor()) }
    }
}

/// A JSON number with all the decimals of the amount, `12.340`.
#[derive(ToSchema)]
#[schema(value_type = f64, title = "Decimal")]
pub struct Decimal(Money);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.amount()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

/// What was sent as an amount, a JSON number or a string, to the letter.
#[derive(ToSchema)]
#[schema(value_type = String, title = "Amount", example = "12.345")]
pub struct Digits(String);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(de::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(text.to_owned())),
            _ => Err(de::Error::custom("invalid type, expected an amount such as \"50.000\"")),
        }
    }
}

impl Digits {
    pub fn read(&self, currency: Currency) -> Result<Money, Problem> {
        Money::parse(&self.0, currency).map_err(problem).and_then(positive)
    }
}

/// The money object of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyRequest {
    pub amount: Digits,
    /// ISO 4217; the one that this Sovereign sells in.
    #[schema(example = "OMR")]
    pub currency: String,
}

impl MoneyRequest {
    /// Any amount, also none, in any currency; with the name of the field inside `name` that it was read from.
    pub fn read(&self, name: &str) -> (String, Result<Money, Problem>) {
        match Currency::parse(&self.currency) {
            Ok(currency) => {
                (format!("{name}.amount"), Money::parse(&self.amount.0, currency).map_err(problem))
            }
            Err(error) => (format!("{name}.currency"), Err(problem(error))),
        }
    }
}

/// Baisa, one thousandth of a rial.
pub fn from_baisa(baisa: i64) -> Result<Money, Problem> {
    if baisa > MAX_MINOR {
        return Err(Problem::OutOfRange { min: 1, max: MAX_MINOR });
    }
    positive(Money::from_minor(baisa, Currency::OMR))
}

fn positive(money: Money) -> Result<Money, Problem> {
    if money.is_positive() { Ok(money) } else { Err(Problem::NotPositive) }
}

fn problem(error: MoneyError) -> Problem {
    match error {
        MoneyError::TooManyDecimals(max) => Problem::TooManyDecimals { max },
        MoneyError::TooLarge => Problem::OutOfRange { min: 1, max: MAX_MINOR },
        MoneyError::UnknownCurrency | MoneyError::MixedCurrencies => Problem::UnknownCurrency,
        MoneyError::NotAnAmount => Problem::NotAnAmount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Money, Problem> {
        serde_json::from_str::<Digits>(json).expect("digits").read(Currency::OMR)
    }

    #[test]
    fn a_number_is_read_to_the_letter() {
        for (json, minor) in [("12.345", 12_345), ("\"12.345\"", 12_345), ("0.001", 1), ("50", 50_000)] {
            assert_eq!(read(json).map(|money| money.minor()), Ok(minor), "{json}");
        }
        // A float would have read it as 9007199254740993 or not at all.
        assert_eq!(read("999999999.999").map(|money| money.minor()), Ok(999_999_999_999));
        assert_eq!(read("12.3456"), Err(Problem::TooManyDecimals { max: 3 }));
        assert_eq!(read("12.3450"), Err(Problem::TooManyDecimals { max: 3 }));
        assert_eq!(read("1e3"), Err(Problem::NotAnAmount));
        assert_eq!(read("-1"), Err(Problem::NotPositive));
        assert_eq!(read("0.000"), Err(Problem::NotPositive));
        for json in ["true", "null", "[]", "{}"] {
            assert!(serde_json::from_str::<Digits>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_number_is_written_to_the_letter() {
        let money = Money::from_minor(12_340, Currency::OMR);
        assert_eq!(serde_json::to_string(&Decimal(money)).expect("JSON"), "12.340");
        let debt = Decimal(Money::from_minor(-1, Currency::OMR));
        assert_eq!(serde_json::to_string(&debt).expect("JSON"), "-0.001");
    }
}
