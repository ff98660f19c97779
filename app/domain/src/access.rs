//! Who acts, how they came in, and what they may do. A verb that acts takes an [`Actor`], or a proof made from
//! one, as its first argument. Proofs have private fields: the verbs of `identity` and `organizations` make them
//! from the database, a claim of the queue makes a [`Worker`], the command line an [`Operator`].

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Problem, Result},
    ids::{AccountId, ApiTokenId, JobId, OrderId, OrganizationId},
    text::Email,
};

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

/// What somebody is in an Organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "lowercase"))]
pub enum MemberRole {
    Owner,
    Admin,
    Member,
    Viewer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub account_id: AccountId,
    pub email: Email,
    pub display_name: String,
    pub role: PlatformRole,
}

/// What an API token may do; one without scopes may do all that its account may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Issue, list and revoke vouchers.
    Vouchers,
    /// Check out, read balance, orders and Organizations.
    Orders,
}

impl Scope {
    pub const ALL: [Self; 2] = [Self::Vouchers, Self::Orders];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Vouchers => "vouchers",
            Self::Orders => "orders",
        }
    }
}

/// Where a request came from: `ip` is what its limits are counted by; `request_id` goes with the jobs that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub ip: String,
    pub request_id: Option<Uuid>,
}

/// How somebody came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser's session, and when its owner signed in.
    Session { signed_in_at: OffsetDateTime },
    /// An API token.
    Token { api_token_id: ApiTokenId, created_at: OffsetDateTime, scopes: Vec<Scope> },
}

/// Somebody who signed in, as the database knows them now, and the request that they act by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    account: Account,
    via: Via,
    origin: Origin,
}

/// A superadmin or a sovereign-admin.
#[derive(Clone, Debug)]
pub struct Admin(Actor);

/// A superadmin.
#[derive(Clone, Debug)]
pub struct Superadmin(Actor);

/// Somebody who belongs to an Organization, and as what.
#[derive(Clone, Debug)]
pub struct Member {
    actor: Actor,
    organization_id: OrganizationId,
    role: MemberRole,
}

/// An owner or an admin of an Organization: may buy for it and change it.
#[derive(Clone, Debug)]
pub struct Manager(Member);

/// Whoever placed an order.
#[derive(Clone, Debug)]
pub struct Buyer {
    actor: Actor,
    order_id: OrderId,
}

/// The worker, doing a job that it holds. It acts for nobody in particular.
#[derive(Clone, Debug)]
pub struct Worker {
    job_id: JobId,
    request_id: Option<Uuid>,
}

/// Whoever may run the program where its settings are. Made by the command line and by nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Operator(());

impl Actor {
    #[cfg(feature = "db")]
    pub(crate) const fn new(account: Account, via: Via, origin: Origin) -> Self {
        Self { account, via, origin }
    }

    pub const fn account(&self) -> &Account {
        &self.account
    }

    pub const fn id(&self) -> AccountId {
        self.account.account_id
    }

    pub const fn via(&self) -> &Via {
        &self.via
    }

    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Refuses a token that is not for `scope`. Sessions have no scopes.
    pub fn within(self, scope: Scope) -> Result<Self> {
        match &self.via {
            Via::Token { scopes, .. } if !scopes.is_empty() && !scopes.contains(&scope) => {
                Err(Error::Forbidden)
            }
            _ => Ok(self),
        }
    }

    pub fn admin(self) -> Result<Admin> {
        match self.account.role {
            PlatformRole::Superadmin | PlatformRole::SovereignAdmin => Ok(Admin(self)),
            PlatformRole::Support | PlatformRole::Customer => Err(Error::Forbidden),
        }
    }

    pub fn superadmin(self) -> Result<Superadmin> {
        if self.account.role == PlatformRole::Superadmin {
            Ok(Superadmin(self))
        } else {
            Err(Error::Forbidden)
        }
    }
}

impl Admin {
    pub const fn actor(&self) -> &Actor {
        &self.0
    }
}

impl Superadmin {
    pub const fn actor(&self) -> &Actor {
        &self.0
    }
}

impl Member {
    #[cfg(feature = "db")]
    pub(crate) const fn new(actor: Actor, organization_id: OrganizationId, role: MemberRole) -> Self {
        Self { actor, organization_id, role }
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }

    pub const fn role(&self) -> MemberRole {
        self.role
    }

    pub fn manager(self) -> Result<Manager> {
        match self.role {
            MemberRole::Owner | MemberRole::Admin => Ok(Manager(self)),
            MemberRole::Member | MemberRole::Viewer => Err(Error::Forbidden),
        }
    }
}

impl Manager {
    pub const fn actor(&self) -> &Actor {
        self.0.actor()
    }

    pub const fn organization_id(&self) -> OrganizationId {
        self.0.organization_id()
    }
}

impl Buyer {
    #[cfg(feature = "db")]
    pub(crate) const fn new(actor: Actor, order_id: OrderId) -> Self {
        Self { actor, order_id }
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn order_id(&self) -> OrderId {
        self.order_id
    }
}

impl Worker {
    #[cfg(feature = "db")]
    pub(crate) const fn new(job_id: JobId, request_id: Option<Uuid>) -> Self {
        Self { job_id, request_id }
    }

    /// For a test that takes a job's steps by hand.
    #[cfg(feature = "testing")]
    pub fn in_a_test() -> Self {
        Self { job_id: JobId::new(), request_id: None }
    }

    pub const fn job_id(&self) -> JobId {
        self.job_id
    }

    pub const fn request_id(&self) -> Option<Uuid> {
        self.request_id
    }
}

impl Operator {
    /// Only a command may call it: it is the right to read the installation's settings that it stands for.
    pub const fn at_the_command_line() -> Self {
        Self(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_read_back() {
        for role in PlatformRole::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
    }
}
