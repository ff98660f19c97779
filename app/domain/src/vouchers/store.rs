//! The SQL of vouchers, one statement a function.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Issue, Redemption, Voucher};
use crate::{
    db::money,
    error::{Error, OnConstraint, Result},
    ids::{AccountId, OrderId, PromoCodeId, PromoRedemptionId},
    money::Money,
    page::{Cursor, Page, PageRequest},
    text::VoucherCode,
};

pub(super) struct Row {
    pub code: VoucherCode,
    pub credit_minor: i64,
    pub currency: String,
    pub description: String,
    pub active: bool,
    pub max_redemptions: i32,
    pub times_redeemed: i32,
    pub created_at: OffsetDateTime,
}

impl TryFrom<Row> for Voucher {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            credit: money(row.credit_minor, &row.currency)?,
            code: row.code,
            description: row.description,
            active: row.active,
            max_redemptions: row.max_redemptions,
            times_redeemed: row.times_redeemed,
            created_at: row.created_at,
        })
    }
}

/// Makes the voucher, or changes the one of that code and brings it back if it was revoked. Counts and
/// redemptions stay, so who redeemed it once cannot do so again; a cap below the count is refused.
pub(super) async fn upsert(conn: &mut PgConnection, by: AccountId, issue: &Issue) -> Result<Row> {
    sqlx::query_as!(
        Row,
        r#"insert into promo_code (promo_code_id, code, credit_minor, currency, description, active,
               max_redemptions, created_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (code) do update
           set credit_minor = excluded.credit_minor, currency = excluded.currency,
               description = excluded.description, active = excluded.active,
               max_redemptions = excluded.max_redemptions, deleted_at = null
           returning code as "code: VoucherCode", credit_minor, currency, description, active, max_redemptions, times_redeemed, created_at"#,
        PromoCodeId::new().0,
        issue.code.as_str(),
        issue.credit.minor(),
        issue.credit.currency().code(),
        issue.description,
        issue.active,
        issue.max_redemptions,
        by.0,
    )
    .fetch_one(conn)
    .await
    .on_constraint("promo_code_cap", || {
        Error::invalid("max_redemptions", crate::error::Problem::CapTooLow { redeemed: -1 })
    })
}

pub(super) async fn find(conn: &mut PgConnection, code: &VoucherCode) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select code as "code: VoucherCode", credit_minor, currency, description, active, max_redemptions, times_redeemed, created_at
           from promo_code where code = $1 and deleted_at is null"#,
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn times_redeemed(conn: &mut PgConnection, code: &VoucherCode) -> Result<i32> {
    let row = sqlx::query!("select times_redeemed from promo_code where code = $1", code.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(row.map_or(0, |row| row.times_redeemed))
}

pub(super) async fn list(conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Row>> {
    let before = wanted.bounds();
    let rows = sqlx::query!(
        r#"select promo_code_id, code as "code: VoucherCode", credit_minor, currency, description, active, max_redemptions, times_redeemed, created_at
           from promo_code where deleted_at is null and (created_at, promo_code_id) < ($1, $2)
           order by created_at desc, promo_code_id desc limit $3"#,
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    let page = Page::of(rows, wanted, |row| Cursor::new(row.created_at, row.promo_code_id));
    Ok(page.map(|row| Row {
        code: row.code,
        credit_minor: row.credit_minor,
        currency: row.currency,
        description: row.description,
        active: row.active,
        max_redemptions: row.max_redemptions,
        times_redeemed: row.times_redeemed,
        created_at: row.created_at,
    }))
}

/// False: there was nothing to revoke.
pub(super) async fn revoke(conn: &mut PgConnection, code: &VoucherCode) -> Result<bool> {
    let done = sqlx::query!(
        "update promo_code set deleted_at = now(), active = false where code = $1 and deleted_at is null",
        code.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) struct OfferRow {
    pub promo_code_id: PromoCodeId,
    pub credit_minor: i64,
    pub currency: String,
}

/// A voucher that can be redeemed as far as one can see now.
pub(super) async fn offer(conn: &mut PgConnection, code: &VoucherCode) -> Result<Option<OfferRow>> {
    Ok(sqlx::query_as!(
        OfferRow,
        r#"select promo_code_id as "promo_code_id: PromoCodeId", credit_minor, currency from promo_code
           where code = $1 and deleted_at is null and active
               and (max_redemptions = 0 or times_redeemed < max_redemptions)"#,
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?)
}

/// What a redemption is for.
pub(crate) struct NewRedemption {
    pub id: PromoRedemptionId,
    pub order_id: OrderId,
    /// The grant.
    pub transaction: Uuid,
}

/// Takes one redemption of a voucher that is still worth `credit`, if there is one to take, and writes it down. The
/// voucher's row stays locked until the caller's transaction ends.
pub(super) async fn redeem(
    conn: &mut PgConnection,
    account: AccountId,
    promo_code: PromoCodeId,
    credit: Money,
    redemption: &NewRedemption,
) -> Result<bool> {
    let done = sqlx::query!(
        "with taken as (
             update promo_code set times_redeemed = times_redeemed + 1
             where promo_code_id = $2 and deleted_at is null and active
                 and (max_redemptions = 0 or times_redeemed < max_redemptions)
                 and credit_minor = $6 and currency = $7
             returning promo_code_id
         )
         insert into promo_redemption (promo_redemption_id, promo_code_id, account_id, order_id,
             ledger_transaction_id, credit_minor, currency)
         select $1, promo_code_id, $3, $4, $5, $6, $7 from taken",
        redemption.id.0,
        promo_code.0,
        account.0,
        redemption.order_id.0,
        redemption.transaction,
        credit.minor(),
        credit.currency().code(),
    )
    .execute(conn)
    .await
    .on_constraint("promo_redemption_once", || crate::error::Refusal::VoucherAlreadyRedeemed.into())?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn has_redeemed(
    conn: &mut PgConnection,
    code: &VoucherCode,
    account: AccountId,
) -> Result<bool> {
    let row = sqlx::query!(
        r#"select 1 as "one!" from promo_redemption join promo_code using (promo_code_id)
           where code = $1 and account_id = $2"#,
        code.as_str(),
        account.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

pub(super) async fn redemptions(conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Redemption>> {
    let before = wanted.bounds();
    let rows = sqlx::query!(
        r#"select promo_redemption_id, promo_code.code as "code: VoucherCode", account.email,
               organization.name as organization, page.credit_minor, page.currency, page.created_at
           from (select * from promo_redemption where (created_at, promo_redemption_id) < ($1, $2)
                 order by created_at desc, promo_redemption_id desc limit $3) page
           join promo_code using (promo_code_id)
           join account on account.account_id = page.account_id
           join customer_order using (order_id)
           join organization using (organization_id)
           order by page.created_at desc, promo_redemption_id desc"#,
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    Page::of(rows, wanted, |row| Cursor::new(row.created_at, row.promo_redemption_id)).try_map(|row| {
        Ok(Redemption {
            code: row.code,
            email: row.email,
            organization: row.organization,
            credit: money(row.credit_minor, &row.currency)?,
            created_at: row.created_at,
        })
    })
}
