//! Accounts, sessions, sign-in links and API tokens.
//! Pages: `app/accounts`. Tables: account, session, sign_in_link, api_token.
//! End to end: `end2end/sign-in.spec.ts`.

use serde::{Deserialize, Serialize};

use crate::{error::Problem, ids::AccountId, text::Email};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
pub mod sessions;
#[cfg(feature = "db")]
mod store;

/// A link and its code are good for ten minutes (ASVS 5.0, 6.5.5).
pub const LINK_MINUTES: i64 = 10;
/// Wrong codes for one address in the time that a code lives, however many were sent.
pub const WRONG_CODES: i32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum PlatformRole {
    Superadmin,
    SovereignAdmin,
    Support,
    Customer,
}

impl PlatformRole {
    pub const ALL: [Self; 4] = [Self::Superadmin, Self::SovereignAdmin, Self::Support, Self::Customer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Superadmin => "superadmin",
            Self::SovereignAdmin => "sovereign-admin",
            Self::Support => "support",
            Self::Customer => "customer",
        }
    }

    /// Works in the admin console, and so under the shorter sessions of staff.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Customer)
    }

    /// Where somebody lands after signing in.
    pub const fn home(self) -> &'static str {
        match self {
            Self::Superadmin => "/admin/revenue",
            Self::SovereignAdmin => "/admin/billing",
            Self::Support | Self::Customer => "/console",
        }
    }
}

impl std::str::FromStr for PlatformRole {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(Problem::Unknown)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub account_id: AccountId,
    pub email: Email,
    pub display_name: String,
    pub role: PlatformRole,
}

/// A place on this site to go back to; anything else becomes `/console`. Browsers leave tabs and line ends out
/// of addresses, so that `/<tab>/evil.example` is another site (URL Standard, "basic URL parser").
pub fn local_path(text: &str) -> &str {
    let inside = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.contains(char::is_control)
        && text.len() <= 500;
    if inside { text } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(local_path("/checkout?step=1"), "/checkout?step=1");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:x",
            "",
        ] {
            assert_eq!(local_path(elsewhere), "/console");
        }
    }

    #[test]
    fn role_names_read_back() {
        for role in PlatformRole::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
    }
}
