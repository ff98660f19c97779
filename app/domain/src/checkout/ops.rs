//! Placing an order.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use super::{Destination, PlaceOrder, Placed, Priced, price};
use crate::{
    access::Actor,
    billing, catalog, db,
    error::{Error, Result},
    idempotency::Keyed,
    ids::{BillingAccountId, OrderId, OrganizationId},
    jobs::{self, Event},
    ledger,
    money::Money,
    orders::{self, NewOrder},
    organizations, subscriptions,
    text::VoucherCode,
    vouchers::{self, ops::VoucherLimits},
};

const OPERATION: &str = "order.place";

/// What is kept of an answer, under stable names: a repeat long afterwards is told what the first answer told.
#[derive(Serialize, Deserialize)]
struct Answer {
    order_id: OrderId,
    organization_id: OrganizationId,
    credit_minor: i64,
    currency: String,
}

impl TryFrom<Answer> for Placed {
    type Error = Error;

    fn try_from(answer: Answer) -> Result<Self> {
        Ok(Self {
            order_id: answer.order_id,
            organization_id: answer.organization_id,
            paid_by_credit: true,
            credit_balance: db::money(answer.credit_minor, &answer.currency)?,
        })
    }
}

/// Places an order, paid by credit. Everything or nothing: idempotency key, Organization, voucher
/// redemption, ledger grant and spend, order, subscription, Applications and the outbox event are one
/// transaction. A repeat with the same key and the same order gets the first answer; with another order
/// it is a conflict.
pub async fn place(
    actor: &Actor,
    conn: &mut PgConnection,
    limits: &VoucherLimits,
    key: &str,
    request: &PlaceOrder,
) -> Result<Placed> {
    let keyed = Keyed { actor, operation: OPERATION, key };
    keyed.check()?;
    let hash = request_hash(request);
    if let Some(answer) = keyed.answered::<Answer>(conn, Some(&hash)).await? {
        return answer.try_into();
    }
    let catalog = catalog::ops::read(conn).await?;
    let priced = price(&request.selection, &catalog)?;
    if request.voucher.is_some() {
        vouchers::ops::count_try(actor, conn, limits).await?;
    }
    let mut tx = conn.begin().await?;
    if !keyed.claim(&mut tx, &hash).await? {
        tx.rollback().await?;
        let answer = keyed.answered::<Answer>(conn, Some(&hash)).await?;
        return answer.ok_or(Error::Internal)?.try_into();
    }
    let answer = write_order(actor, &mut tx, request, &priced).await?;
    keyed.answer(&mut tx, &answer).await?;
    tx.commit().await?;
    answer.try_into()
}

async fn write_order(
    actor: &Actor,
    tx: &mut PgConnection,
    request: &PlaceOrder,
    priced: &Priced<'_>,
) -> Result<Answer> {
    let (order_id, plan, total) = (OrderId::new(), priced.plan.plan_id, priced.quote.total);
    let (organization, payer) = destination(actor, tx, &request.destination, priced).await?;
    let promo_code = match &request.voucher {
        Some(code) => Some(vouchers::ops::redeem(actor, tx, code, payer, order_id, total.currency()).await?),
        None => None,
    };
    let lines = &priced.quote.lines;
    let order = NewOrder { id: order_id, organization, plan, total, promo_code, lines };
    orders::ops::insert(actor, tx, &order).await?;
    if total.is_positive() {
        ledger::ops::spend(tx, payer, total, order_id).await?;
    }
    subscriptions::begin(tx, organization, order_id, plan).await?;
    let apps = priced.apps.iter().map(|app| (app.app_id, app.slug.as_str()));
    organizations::ops::add_applications(tx, organization, order_id, apps).await?;
    jobs::publish(tx, &Event::OrderPlaced { order_id }, actor.origin().request_id).await?;
    let credit: Money = ledger::ops::credit(tx, payer, total.currency()).await?;
    Ok(Answer {
        order_id,
        organization_id: organization,
        credit_minor: credit.minor(),
        currency: credit.currency().code().to_owned(),
    })
}

/// The Organization of the order, made where it is new, and the billing account that pays, locked: everything that
/// one account pays happens one after another.
async fn destination(
    actor: &Actor,
    tx: &mut PgConnection,
    destination: &Destination,
    priced: &Priced<'_>,
) -> Result<(OrganizationId, BillingAccountId)> {
    let plan = priced.plan.plan_id;
    match destination {
        Destination::New { name, slug } => {
            let payer = billing::lock_of_person(tx, actor.id()).await?;
            let id = organizations::ops::create(actor, tx, name, slug, plan, payer).await?;
            Ok((id, payer))
        }
        Destination::Existing(id) => {
            let manager = organizations::ops::member(actor, tx, *id).await?.manager()?;
            let payer = organizations::ops::billing_account(&manager, tx).await?;
            billing::lock(tx, payer).await?;
            organizations::ops::choose_plan(&manager, tx, plan).await?;
            Ok((*id, payer))
        }
    }
}

/// The order that somebody placed with this key, if they did: for a form that is sent once more after
/// its cart is gone.
pub async fn placed(actor: &Actor, conn: &mut PgConnection, key: &str) -> Result<Option<OrderId>> {
    let keyed = Keyed { actor, operation: OPERATION, key };
    Ok(keyed.answered::<Answer>(conn, None).await?.map(|answer| answer.order_id))
}

/// The same for the same order, whichever version of the program asks: the fields by their stored names.
fn request_hash(request: &PlaceOrder) -> [u8; 32] {
    let destination = match &request.destination {
        Destination::New { name, slug } => json!({ "name": name.as_str(), "slug": slug.as_str() }),
        Destination::Existing(id) => json!({ "organization_id": id }),
    };
    let request = json!({
        "plan": request.selection.plan,
        "apps": request.selection.apps,
        "addons": request.selection.addons,
        "voucher": request.voucher.as_ref().map(VoucherCode::as_str),
        "destination": destination,
    });
    Sha256::digest(request.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::Selection;

    #[test]
    fn the_hash_of_an_order_outlives_the_version_that_made_it() {
        let request = PlaceOrder {
            selection: Selection {
                plan: Some("m".to_owned()),
                apps: vec!["wordpress".to_owned()],
                addons: Vec::new(),
            },
            voucher: VoucherCode::parse("WELCOME").ok(),
            destination: Destination::Existing(OrganizationId(uuid::Uuid::nil())),
        };
        let text = r#"{"addons":[],"apps":["wordpress"],"destination":{"organization_id":"00000000-0000-0000-0000-000000000000"},"plan":"m","voucher":"WELCOME"}"#;
        assert_eq!(request_hash(&request)[..], Sha256::digest(text)[..]);
    }
}
