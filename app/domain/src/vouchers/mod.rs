//! Vouchers: codes that grant credit once to each customer.
//! Pages: `app/commerce/src/vouchers`. Tables: promo_code, promo_redemption.
//! End to end: `end2end/journey.spec.ts`.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{money::Money, text::VoucherCode};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod store;

#[cfg(feature = "db")]
pub(crate) use store::NewRedemption;

pub const DESCRIPTION_MAX: usize = 200;
/// The largest cap on redemptions.
pub const REDEMPTIONS_MAX: i32 = 10_000_000;

/// A voucher as its issuer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    pub code: VoucherCode,
    pub credit: Money,
    pub description: String,
    pub active: bool,
    /// 0: no limit.
    pub max_redemptions: i32,
    pub times_redeemed: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Voucher {
    pub const fn exhausted(&self) -> bool {
        self.max_redemptions > 0 && self.times_redeemed >= self.max_redemptions
    }
}

/// What anybody who holds the code may know: never caps or counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub code: VoucherCode,
    pub credit: Money,
    pub description: String,
    pub active: bool,
    pub accepting_redemptions: bool,
}

/// What an issuer asks for.
#[derive(Clone, Debug)]
pub struct Issue {
    pub code: VoucherCode,
    pub credit: Money,
    pub description: String,
    pub active: bool,
    pub max_redemptions: i32,
}

/// One redemption, as its issuer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    pub code: VoucherCode,
    pub email: String,
    pub organization: String,
    pub credit: Money,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
