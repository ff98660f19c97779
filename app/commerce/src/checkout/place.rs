//! What `place_order` does: from the cart in the session to an order.

use domain::{
    access::Actor,
    carts::{self, Cart},
    checkout::{self, Destination, PlaceOrder, ops::Shop},
    error::{Conflict, Error, Fields, Problem, Result},
    ids::{OrderId, OrganizationId},
    money::{Currency, Money},
    text::{OrganizationName, Slug, VoucherCode},
};
use sqlx::PgConnection;
use ui::server;

/// What of a cart a page has shown: where it differs, somebody changed it since.
pub fn seen(cart: &Cart) -> String {
    let selection = &cart.selection;
    [
        selection.plan.as_deref().unwrap_or_default(),
        &selection.apps.join(","),
        &selection.addons.join(","),
        cart.voucher_code.as_deref().unwrap_or_default(),
        &cart.organization_slug,
    ]
    .join("|")
}

/// The fields of the form.
pub struct Posted {
    pub key: String,
    pub seen: String,
    pub total: String,
    pub currency: String,
    pub destination: String,
}

pub async fn place(actor: &Actor, conn: &mut PgConnection, posted: &Posted) -> Result<OrderId> {
    // Sent once more, after the first try went through: the same order.
    if let Some(order) = checkout::ops::placed(actor, conn, &posted.key).await? {
        return Ok(order);
    }
    let cart = match cart_as_shown(conn, &posted.key, &posted.seen).await {
        Ok(cart) => cart,
        // It may have gone through since: of two clicks at once, one takes the cart from under the other.
        Err(error) => return checkout::ops::placed(actor, conn, &posted.key).await?.ok_or(error),
    };
    let request = PlaceOrder {
        selection: cart.selection.clone(),
        voucher: cart.voucher_code.as_deref().map(voucher).transpose()?,
        destination: to(&cart, &posted.destination)?,
        seen_total: seen_total(&posted.total, &posted.currency)?,
    };
    let services = server::services();
    let shop = Shop {
        catalog: &services.catalog,
        limits: &services.voucher_limits,
        apps_domain: &services.apps_domain,
    };
    let placed = checkout::ops::place(actor, conn, &shop, &posted.key, &request).await?;
    carts::ops::discard(conn, cart.cart_id).await?;
    server::toast("order_placed").await?;
    Ok(placed.order_id)
}

async fn cart_as_shown(conn: &mut PgConnection, key: &str, shown: &str) -> Result<Cart> {
    let cart_id = server::maybe_cart_id().await?.ok_or(Error::NotFound)?;
    let cart = carts::ops::get(conn, cart_id).await?.ok_or(Error::NotFound)?;
    if cart.checkout_key.to_string() != key || seen(&cart) != shown {
        return Err(Conflict::KeyReused.into());
    }
    Ok(cart)
}

fn voucher(code: &str) -> Result<VoucherCode> {
    VoucherCode::parse(code).map_err(|problem| Error::invalid("promo_code", problem))
}

/// None: a page that the program before this one showed.
fn seen_total(minor: &str, currency: &str) -> Result<Option<Money>> {
    if minor.is_empty() {
        return Ok(None);
    }
    let minor = minor.parse().map_err(|_| Error::invalid("total", Problem::NotANumber))?;
    let currency = Currency::parse(currency).map_err(|error| Error::invalid("total", error.into()))?;
    Ok(Some(Money::from_minor(minor, currency)))
}

fn to(cart: &Cart, destination: &str) -> Result<Destination> {
    if !destination.is_empty() {
        let id: OrganizationId =
            destination.parse().map_err(|_| Error::invalid("destination", Problem::Unknown))?;
        return Ok(Destination::Existing(id));
    }
    let mut fields = Fields::default();
    let name = fields.take("organization_name", OrganizationName::parse(&cart.organization_name));
    let slug = fields.take("organization_slug", Slug::parse(&cart.organization_slug));
    fields.finish()?;
    let (Some(name), Some(slug)) = (name, slug) else { return Err(Error::Internal) };
    Ok(Destination::New { name, slug })
}
