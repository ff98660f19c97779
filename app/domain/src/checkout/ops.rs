//! Placing an order.

use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use super::{
    Destination, PlaceOrder, Placed, Priced, Quote, Selection, price,
    store::{self, NewOrder},
};
use crate::{
    access::{Origin, SignedIn},
    catalog, db,
    error::{Conflict, Error, Problem, Result},
    ids::{OrderId, OrganizationId},
    jobs::{self, Event},
    ledger, orders, organizations,
    text::VoucherCode,
    vouchers::{self, ops::VoucherLimits},
};

/// Reads the catalog and prices a selection.
pub async fn quote(conn: &mut PgConnection, selection: &Selection) -> Result<Quote> {
    let catalog = catalog::ops::read(conn).await?;
    Ok(price(selection, &catalog)?.quote)
}

/// Places an order, paid by credit. Everything or nothing: idempotency key, Organization, voucher
/// redemption, ledger grant and spend, order, subscription, Applications and the outbox event are one
/// transaction. A repeat with the same key and the same order gets the first answer; with another order
/// it is a conflict.
pub async fn place(
    conn: &mut PgConnection,
    limits: &VoucherLimits,
    who: &SignedIn,
    from: Origin<'_>,
    key: &str,
    request: &PlaceOrder,
) -> Result<Placed> {
    if key.is_empty() || key.len() > 255 || key.chars().any(char::is_control) {
        return Err(Error::invalid("Idempotency-Key", Problem::OutOfRange { min: 1, max: 255 }));
    }
    let hash = request_hash(request);
    if let Some(placed) = repeated(conn, who, key, &hash).await? {
        return Ok(placed);
    }
    let catalog = catalog::ops::read(conn).await?;
    let priced = price(&request.selection, &catalog)?;
    if request.voucher.is_some() {
        vouchers::ops::count_try(conn, limits, who, from.ip).await?;
    }
    let mut tx = conn.begin().await?;
    let order_id = OrderId::new();
    if !store::claim_key(&mut tx, who.id(), key, &hash, order_id).await? {
        tx.rollback().await?;
        return repeated(conn, who, key, &hash).await?.ok_or(Error::Internal);
    }
    store::lock_account(&mut tx, who.id()).await?;
    write_order(&mut tx, who, order_id, request, &priced).await?;
    jobs::publish(&mut tx, &Event::OrderPlaced { order_id }, from.request_id).await?;
    let credit = ledger::ops::credit(&mut tx, who, priced.quote.total.currency()).await?;
    store::note_credit(&mut tx, who.id(), key, credit).await?;
    tx.commit().await?;
    repeated(conn, who, key, &hash).await?.ok_or(Error::Internal)
}

async fn write_order(
    tx: &mut PgConnection,
    who: &SignedIn,
    order_id: OrderId,
    request: &PlaceOrder,
    priced: &Priced<'_>,
) -> Result<()> {
    let plan = priced.plan.plan_id;
    let organization = match &request.destination {
        Destination::New { name, slug } => {
            let id = OrganizationId::new();
            store::insert_organization(tx, id, slug, name, plan).await?;
            store::insert_owner(tx, id, who.id()).await?;
            id
        }
        Destination::Existing(id) => {
            organizations::ops::member(tx, who, *id).await?.may_manage()?;
            if !store::set_plan(tx, *id, plan).await? {
                return Err(Error::Gone);
            }
            *id
        }
    };
    let total = priced.quote.total;
    let promo_code = match &request.voucher {
        Some(code) => Some(vouchers::ops::redeem(tx, who, code, order_id, total.currency()).await?),
        None => None,
    };
    store::insert_order(
        tx,
        &NewOrder { id: order_id, account: who.id(), organization, plan, total, promo_code },
    )
    .await?;
    if total.is_positive() {
        ledger::ops::spend(tx, who.id(), total, order_id).await?;
    }
    for (position, line) in (0_i32..).zip(&priced.quote.lines) {
        store::insert_line(tx, order_id, position, line).await?;
    }
    store::end_subscription(tx, organization).await?;
    store::insert_subscription(tx, organization, order_id, plan).await?;
    for app in &priced.apps {
        store::insert_application(tx, organization, order_id, app.app_id, &app.slug).await?;
    }
    Ok(())
}

/// The order that somebody placed with this key, if they did: for a form that is sent once more after
/// its cart is gone.
pub async fn placed(conn: &mut PgConnection, who: &SignedIn, key: &str) -> Result<Option<OrderId>> {
    Ok(store::find_key(conn, who.id(), key).await?.and_then(|row| row.order_id))
}

/// The answer that this key got before, if it did.
async fn repeated(conn: &mut PgConnection, who: &SignedIn, key: &str, hash: &[u8]) -> Result<Option<Placed>> {
    let Some(row) = store::find_key(conn, who.id(), key).await? else { return Ok(None) };
    if row.request_hash != hash {
        return Err(Conflict::KeyReused.into());
    }
    let order = orders::ops::own(conn, who, row.order_id.ok_or(Error::Internal)?).await?;
    let (credit, currency) = row.credit_minor.zip(row.currency).ok_or(Error::Internal)?;
    Ok(Some(Placed {
        order_id: order.order_id,
        organization_id: order.organization_id,
        paid_by_credit: true,
        credit_balance: db::money(credit, &currency)?,
    }))
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
