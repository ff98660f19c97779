//! What can go wrong, without a word about HTTP. What a person reads is made from these at each edge;
//! what the log needs is logged where it happens and never travels.

use serde::{Deserialize, Serialize};

use crate::money::{MAX_MINOR, Money, MoneyError};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// Each field that is wrong, and how.
    #[error("{}", describe(.0))]
    Invalid(Vec<FieldError>),
    /// Understood, and not done.
    #[error("{0}")]
    Refused(Refusal),
    /// Somebody else was first, or the same key came with another request.
    #[error("{0}")]
    Conflict(Conflict),
    /// It was there and is not any more, or does not take part any more.
    #[error("this is no longer available")]
    Gone,
    #[error("this is not yours to do")]
    Forbidden,
    #[error("sign in first")]
    SignedOut,
    #[error("too many tries; wait {retry_after_seconds} seconds")]
    Limited { retry_after_seconds: u64 },
    #[error("{what} is not available now; try again shortly")]
    Unavailable { what: String },
    #[error("something went wrong on our side")]
    Internal,
}

fn describe(fields: &[FieldError]) -> String {
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    pub field: String,
    pub problem: Problem,
}

/// How a field is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    #[error("is required")]
    Required,
    #[error("is shorter than {min} characters")]
    TooShort { min: usize },
    #[error("is longer than {max} characters")]
    TooLong { max: usize },
    #[error("holds control characters")]
    ControlCharacters,
    #[error("is not an e-mail address")]
    NotAnEmail,
    #[error("must begin with a letter and hold only a-z, 0-9 and single hyphens between them")]
    NotASlug,
    #[error("is reserved")]
    Reserved,
    #[error("must hold only letters, digits and single hyphens between them")]
    NotACode,
    #[error("is not an amount such as 50.000")]
    NotAnAmount,
    #[error("has more than {max} decimals")]
    TooManyDecimals { max: u32 },
    #[error("must be more than zero")]
    NotPositive,
    #[error("must be between {min} and {max}")]
    OutOfRange { min: i64, max: i64 },
    #[error("is not a whole number")]
    NotANumber,
    #[error("is not a currency that is used here")]
    UnknownCurrency,
    #[error("is not known here")]
    Unknown,
    #[error("is not six digits")]
    NotSixDigits,
    #[error("leaves no room beside the {redeemed} redemptions already made")]
    CapTooLow { redeemed: i32 },
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::TooManyDecimals(max) => Self::TooManyDecimals { max },
            MoneyError::TooLarge => Self::OutOfRange { min: 1, max: MAX_MINOR },
            MoneyError::UnknownCurrency | MoneyError::MixedCurrencies => Self::UnknownCurrency,
            MoneyError::NotAnAmount => Self::NotAnAmount,
        }
    }
}

/// Why something was not done. `code()` is the stable name that REST answers carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("this voucher is not valid")]
    VoucherUnknown,
    #[error("this voucher is not active")]
    VoucherInactive,
    #[error("this voucher has been used up")]
    VoucherExhausted,
    #[error("this voucher has changed meanwhile; look at what it gives now")]
    VoucherChanged,
    #[error("you have already redeemed this voucher")]
    VoucherAlreadyRedeemed,
    #[error("this voucher is worth another currency than the order")]
    VoucherCurrency,
    #[error("choose a plan first")]
    PlanMissing,
    #[error("there is no such plan: {0}")]
    PlanUnknown(String),
    #[error("this plan cannot be ordered yet: {0}")]
    PlanNotOrderable(String),
    #[error("there is no such app: {0}")]
    AppUnknown(String),
    #[error("this app cannot be deployed yet: {0}")]
    AppNotDeployable(String),
    #[error("{organization} has {app} already")]
    AppInstalled { organization: String, app: String },
    #[error("choose at least one app")]
    AppsMissing,
    #[error("there is no such add-on: {0}")]
    AddonUnknown(String),
    #[error("the credit does not cover the order; {short} is missing, and card payment is not set up here")]
    CreditTooSmall { short: Money },
    #[error("this sign-in link is no longer valid")]
    LinkInvalid,
    #[error("this link was asked for in another browser")]
    LinkElsewhere,
    #[error("this code is not right")]
    CodeWrong,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    #[error("this name is taken")]
    SlugTaken,
    #[error("this key was used for another request")]
    KeyReused,
    #[error("the price has changed: it was {seen} when you saw it and is {now} now")]
    PriceChanged { seen: Money, now: Money },
}

impl Refusal {
    /// The stable name that REST answers and tests know.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VoucherUnknown => "voucher_unknown",
            Self::VoucherInactive => "voucher_inactive",
            Self::VoucherExhausted => "voucher_exhausted",
            Self::VoucherChanged => "voucher_changed",
            Self::VoucherAlreadyRedeemed => "voucher_already_redeemed",
            Self::VoucherCurrency => "voucher_currency",
            Self::PlanMissing => "plan_missing",
            Self::PlanUnknown(_) => "plan_unknown",
            Self::PlanNotOrderable(_) => "plan_not_orderable",
            Self::AppUnknown(_) => "app_unknown",
            Self::AppNotDeployable(_) => "app_not_deployable",
            Self::AppInstalled { .. } => "app_installed",
            Self::AppsMissing => "apps_missing",
            Self::AddonUnknown(_) => "addon_unknown",
            Self::CreditTooSmall { .. } => "credit_too_small",
            Self::LinkInvalid => "link_invalid",
            Self::LinkElsewhere => "link_elsewhere",
            Self::CodeWrong => "code_wrong",
        }
    }

    /// The form field that the words stand beside, where there is one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::VoucherUnknown
            | Self::VoucherInactive
            | Self::VoucherExhausted
            | Self::VoucherChanged
            | Self::VoucherAlreadyRedeemed
            | Self::VoucherCurrency => Some("promo_code"),
            Self::AppInstalled { .. } => Some("apps"),
            Self::CodeWrong => Some("code"),
            _ => None,
        }
    }
}

impl Error {
    pub fn invalid(field: &str, problem: Problem) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), problem }])
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// Reads several fields and tells of all that are wrong at once.
#[derive(Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    pub fn take<T>(&mut self, field: &str, value: Result<T, Problem>) -> Option<T> {
        value.map_err(|problem| self.0.push(FieldError { field: field.to_owned(), problem })).ok()
    }

    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// Database errors become words here and nowhere else; their text goes to the log only.
#[cfg(feature = "db")]
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                tracing::error!(%error, "database not reachable");
                Self::Unavailable { what: "database".to_owned() }
            }
            sqlx::Error::Database(database) if is_passing(database.code().as_deref()) => {
                tracing::warn!(error = %database, "the database gave up waiting");
                Self::Unavailable { what: "database".to_owned() }
            }
            error => {
                tracing::error!(%error, "database error");
                Self::Internal
            }
        }
    }
}

/// What may well succeed a moment later: a lock or a statement that took too long, a deadlock, a
/// serialization failure, a server that shuts down or has no connection left (SQLSTATE).
#[cfg(feature = "db")]
fn is_passing(code: Option<&str>) -> bool {
    matches!(code, Some("55P03" | "57014" | "40P01" | "40001" | "57P01" | "57P03" | "53300"))
}

/// Turns the violation of a named constraint into words.
#[cfg(feature = "db")]
pub trait OnConstraint<T> {
    fn on_constraint(self, name: &str, words: impl FnOnce() -> Error) -> Result<T>;
}

#[cfg(feature = "db")]
impl<T> OnConstraint<T> for std::result::Result<T, sqlx::Error> {
    fn on_constraint(self, name: &str, words: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(database) if database.constraint() == Some(name) => words(),
            _ => error.into(),
        })
    }
}
