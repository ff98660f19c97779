//! Every id of the system: UUIDv7 in a type of its own, so that an order's id cannot stand for an app's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id, later ones sorting after earlier ones.
            #[cfg(feature = "db")]
            #[expect(clippy::new_without_default, reason = "a default id would be a fresh one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    AccountId,
    AddonId,
    ApiTokenId,
    AppId,
    ApplicationId,
    BillingAccountId,
    CartId,
    CheckoutKey,
    JobId,
    OrderId,
    OrganizationId,
    PlanId,
    PromoCodeId,
    PromoRedemptionId,
    SignInLinkId,
}
