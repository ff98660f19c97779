//! Proofs. A verb that needs an admin takes `&Admin`; a proof has private fields and is made from the
//! database only, by the functions of `identity::ops` and `organizations::ops`.

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    identity::{Account, PlatformRole},
    ids::{AccountId, OrganizationId},
    organizations::MemberRole,
};

/// Where a request came from: `ip` is what its limits are counted by; `request_id` goes with the jobs that follow.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub ip: &'a str,
    pub request_id: Option<Uuid>,
}

/// Somebody who signed in, as the database knows them now (not as a token once said).
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: Account,
}

/// A superadmin or a sovereign-admin.
#[derive(Clone, Debug)]
pub struct Admin(SignedIn);

/// A superadmin.
#[derive(Clone, Debug)]
pub struct Superadmin(SignedIn);

/// Somebody who belongs to an Organization, and as what.
#[derive(Clone, Debug)]
pub struct Member {
    signed_in: SignedIn,
    organization_id: OrganizationId,
    role: MemberRole,
}

impl SignedIn {
    #[cfg(feature = "db")]
    pub(crate) const fn new(account: Account) -> Self {
        Self { account }
    }

    pub const fn account(&self) -> &Account {
        &self.account
    }

    pub const fn id(&self) -> AccountId {
        self.account.account_id
    }

    pub fn admin(&self) -> Result<Admin> {
        match self.account.role {
            PlatformRole::Superadmin | PlatformRole::SovereignAdmin => Ok(Admin(self.clone())),
            PlatformRole::Support | PlatformRole::Customer => Err(Error::Forbidden),
        }
    }

    pub fn superadmin(&self) -> Result<Superadmin> {
        if self.account.role == PlatformRole::Superadmin {
            Ok(Superadmin(self.clone()))
        } else {
            Err(Error::Forbidden)
        }
    }
}

impl Admin {
    pub const fn id(&self) -> AccountId {
        self.0.id()
    }

    pub const fn account(&self) -> &Account {
        self.0.account()
    }
}

impl Superadmin {
    pub const fn id(&self) -> AccountId {
        self.0.id()
    }
}

impl Member {
    #[cfg(feature = "db")]
    pub(crate) const fn new(signed_in: SignedIn, organization_id: OrganizationId, role: MemberRole) -> Self {
        Self { signed_in, organization_id, role }
    }

    pub const fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }

    pub const fn role(&self) -> MemberRole {
        self.role
    }

    pub const fn id(&self) -> AccountId {
        self.signed_in.id()
    }

    /// May buy for the Organization and change it.
    pub fn may_manage(&self) -> Result<()> {
        match self.role {
            MemberRole::Owner | MemberRole::Admin => Ok(()),
            MemberRole::Member | MemberRole::Viewer => Err(Error::Forbidden),
        }
    }
}
