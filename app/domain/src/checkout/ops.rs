//! Placing an order.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Destination, PlaceOrder, Placed, Priced, price};
use crate::{
    access::Actor,
    billing::{self, LockedAccount},
    catalog::CatalogMemory,
    db,
    error::{Conflict, Error, Result},
    idempotency::Keyed,
    ids::{OrderId, OrganizationId, PromoRedemptionId},
    jobs::{self, Event},
    ledger::{self, ops::Grant},
    orders::{self, NewOrder},
    organizations::{self, Ordered},
    subscriptions,
    text::VoucherCode,
    vouchers::{
        self, NewRedemption,
        ops::{Offer, VoucherLimits},
    },
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
    shop: &Shop<'_>,
    key: &str,
    request: &PlaceOrder,
) -> Result<Placed> {
    let keyed = Keyed { actor, operation: OPERATION, key };
    keyed.check()?;
    let hash = request_hash(request);
    let refusal = match place_anew(&keyed, conn, shop, &hash, request).await {
        Ok(Some(placed)) => return placed.try_into(),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    // Whatever stands against it now: an order that was placed is answered as it was.
    match keyed.answered::<Answer>(conn, Some(&hash)).await? {
        Some(answer) => answer.try_into(),
        None => Err(refusal.unwrap_or(Error::Internal)),
    }
}

/// What orders are priced by, how often vouchers may be tried, and where Applications will be.
pub struct Shop<'a> {
    pub catalog: &'a CatalogMemory,
    pub limits: &'a VoucherLimits,
    pub apps_domain: &'a str,
}

/// None: the key was used before.
async fn place_anew(
    keyed: &Keyed<'_>,
    conn: &mut PgConnection,
    shop: &Shop<'_>,
    hash: &[u8],
    request: &PlaceOrder,
) -> Result<Option<Answer>> {
    let catalog = shop.catalog.current(conn).await?;
    let priced = price(&request.selection, &catalog)?;
    let total = priced.quote.total;
    if let Some(seen) = request.seen_total.filter(|seen| *seen != total) {
        return Err(Conflict::PriceChanged { seen, now: total }.into());
    }
    let currency = total.currency();
    let offer = match &request.voucher {
        Some(code) => {
            vouchers::ops::count_try(keyed.actor, conn, shop.limits).await?;
            Some((code, vouchers::ops::offer(keyed.actor, conn, code, currency).await?))
        }
        None => None,
    };
    let mut tx = conn.begin().await?;
    let answer = write_order(keyed, &mut tx, shop, hash, request, &priced, offer).await?;
    match answer {
        Some(_) => tx.commit().await?,
        None => tx.rollback().await?,
    }
    Ok(answer)
}

async fn write_order(
    keyed: &Keyed<'_>,
    tx: &mut PgConnection,
    shop: &Shop<'_>,
    hash: &[u8],
    request: &PlaceOrder,
    priced: &Priced<'_>,
    offer: Option<(&VoucherCode, Offer)>,
) -> Result<Option<Answer>> {
    let actor = keyed.actor;
    let (order_id, plan, total) = (OrderId::new(), priced.plan.plan_id, priced.quote.total);
    let (organization, payer, name) = destination(actor, tx, &request.destination, priced).await?;
    let (redemption, transaction) = (PromoRedemptionId::new(), Uuid::now_v7());
    let grant = offer.as_ref().map(|(code, offer)| Grant {
        redemption,
        amount: offer.credit,
        reason: format!("promo:{code}"),
        id: transaction,
    });
    let booking = ledger::ops::reckon(tx, payer, order_id, grant, total).await?;
    let answer = Answer {
        order_id,
        organization_id: organization,
        credit_minor: booking.credit.minor(),
        currency: booking.credit.currency().code().to_owned(),
    };
    if !keyed.claim(tx, hash, &answer).await? {
        return Ok(None);
    }
    let promo_code = offer.as_ref().map(|(_, offer)| offer.promo_code_id);
    let lines = &priced.quote.lines;
    orders::ops::insert(actor, tx, &NewOrder { id: order_id, organization, plan, total, promo_code, lines })
        .await?;
    ledger::ops::book(tx, &booking).await?;
    subscriptions::begin(tx, organization, order_id, plan).await?;
    let ordered = Ordered {
        order: order_id,
        organization,
        organization_name: &name,
        buyer: actor,
        plan: priced.plan,
        apps: &priced.apps,
        apps_domain: shop.apps_domain,
    };
    organizations::ops::add_applications(tx, &ordered).await?;
    jobs::publish(tx, &Event::OrderPlaced { order_id }, actor.origin().request_id).await?;
    if let Some((code, offer)) = &offer {
        let redemption = NewRedemption { id: redemption, order_id, transaction };
        vouchers::ops::redeem(actor, tx, code, offer, &redemption).await?;
    }
    Ok(Some(answer))
}

/// The Organization of the order, made where it is new, the billing account that pays, and the Organization's name.
async fn destination(
    actor: &Actor,
    tx: &mut PgConnection,
    destination: &Destination,
    priced: &Priced<'_>,
) -> Result<(OrganizationId, LockedAccount, String)> {
    let plan = priced.plan.plan_id;
    match destination {
        Destination::New { name, slug } => {
            let payer = billing::lock_of_person(tx, actor.id()).await?;
            let id = organizations::ops::create(actor, tx, name, slug, plan, payer.id).await?;
            Ok((id, payer, name.as_str().to_owned()))
        }
        Destination::Existing(id) => {
            let manager = organizations::ops::member(actor, tx, *id).await?.manager()?;
            let payer = organizations::ops::billing_account(&manager, tx).await?;
            let payer = billing::lock(tx, payer).await?;
            let name = organizations::ops::choose_plan(&manager, tx, plan, &priced.apps).await?;
            subscriptions::end(tx, *id).await?;
            Ok((*id, payer, name))
        }
    }
}

/// The order that somebody placed with this key, if they did: for a form that is sent once more after
/// its cart is gone.
pub async fn placed(actor: &Actor, conn: &mut PgConnection, key: &str) -> Result<Option<OrderId>> {
    let keyed = Keyed { actor, operation: OPERATION, key };
    Ok(keyed.answered::<Answer>(conn, None).await?.map(|answer| answer.order_id))
}

/// The same for the same order, whichever version of the program asks: the fields by their stored names. The price that
/// was seen is none of them: an order that was placed is answered as it was.
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
            destination: Destination::Existing(OrganizationId(Uuid::nil())),
            seen_total: None,
        };
        let text = r#"{"addons":[],"apps":["wordpress"],"destination":{"organization_id":"00000000-0000-0000-0000-000000000000"},"plan":"m","voucher":"WELCOME"}"#;
        assert_eq!(request_hash(&request)[..], Sha256::digest(text)[..]);
    }
}
