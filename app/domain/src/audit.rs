//! What was done, by whom, from where: one row, written in the transaction of the verb that did it.
//! Table: audit_event, which the application may only add to.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::{Actor, Admin, Operator, PlatformRole, Superadmin, Via},
    error::Result,
    ids::{AccountId, ApiTokenId, OrganizationId},
    money::Money,
    text::{Email, VoucherCode},
};

/// A thing that was done, with what it was done to.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    GrantRole { email: &'a Email, from: PlatformRole, to: PlatformRole },
    CreateToken { email: &'a Email, scopes: &'a [String] },
    IssueVoucher { code: &'a VoucherCode, credit: Money, max_redemptions: i32, active: bool },
    RevokeVoucher { code: &'a VoucherCode },
    RetryDelivery { organization: OrganizationId },
}

impl Action<'_> {
    /// The stable name that rows are found by.
    const fn name(&self) -> &'static str {
        match self {
            Self::GrantRole { .. } => "role.grant",
            Self::CreateToken { .. } => "token.create",
            Self::IssueVoucher { .. } => "voucher.issue",
            Self::RevokeVoucher { .. } => "voucher.revoke",
            Self::RetryDelivery { .. } => "delivery.retry",
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::GrantRole { email, .. } | Self::CreateToken { email, .. } => email.as_str().to_owned(),
            Self::IssueVoucher { code, .. } | Self::RevokeVoucher { code } => code.as_str().to_owned(),
            Self::RetryDelivery { organization } => organization.to_string(),
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::GrantRole { from, to, .. } => json!({ "from": from, "to": to }),
            Self::CreateToken { scopes, .. } => json!({ "scopes": scopes }),
            Self::IssueVoucher { credit, max_redemptions, active, .. } => {
                json!({ "credit": credit, "max_redemptions": max_redemptions, "active": active })
            }
            Self::RevokeVoucher { .. } | Self::RetryDelivery { .. } => json!({}),
        }
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    Actor(&'a Actor),
    Operator,
}

impl<'a> From<&'a Admin> for By<'a> {
    fn from(admin: &'a Admin) -> Self {
        Self::Actor(admin.actor())
    }
}

impl<'a> From<&'a Superadmin> for By<'a> {
    fn from(superadmin: &'a Superadmin) -> Self {
        Self::Actor(superadmin.actor())
    }
}

impl From<&Operator> for By<'_> {
    fn from(_: &Operator) -> Self {
        Self::Operator
    }
}

/// The columns that say who did it and how they came in.
#[derive(Default)]
struct Columns<'a> {
    actor_id: Option<AccountId>,
    via: &'static str,
    api_token_id: Option<ApiTokenId>,
    ip: Option<&'a str>,
    request_id: Option<Uuid>,
}

impl<'a> From<By<'a>> for Columns<'a> {
    fn from(by: By<'a>) -> Self {
        let By::Actor(actor) = by else { return Self { via: "operator", ..Self::default() } };
        let (via, api_token_id) = match actor.via() {
            Via::Session { .. } => ("session", None),
            Via::Token { api_token_id, .. } => ("token", Some(*api_token_id)),
        };
        let origin = actor.origin();
        Self {
            actor_id: Some(actor.id()),
            via,
            api_token_id,
            ip: Some(&origin.ip),
            request_id: origin.request_id,
        }
    }
}

/// Writes the row, in the caller's transaction.
pub(crate) async fn record(by: impl Into<By<'_>>, conn: &mut PgConnection, action: Action<'_>) -> Result<()> {
    let by = Columns::from(by.into());
    sqlx::query!(
        "insert into audit_event (audit_event_id, actor_id, via, api_token_id, ip, request_id, action, subject, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        Uuid::now_v7(),
        by.actor_id.map(|id| id.0),
        by.via,
        by.api_token_id.map(|id| id.0),
        by.ip,
        by.request_id,
        action.name(),
        action.subject(),
        action.detail(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
