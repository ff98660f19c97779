//! Placing an order.

use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap};
use domain::{
    access::{Actor, Scope},
    checkout::{self, Destination, PlaceOrder, Placed, Selection, ops::Shop},
    error::{Error, Fields, Problem},
    ids::OrganizationId,
    money::Money,
    organizations,
    services::Services,
    text::{OrganizationName, Slug, VoucherCode, plain_text},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Answer,
    body::{Body, names},
    caller::Caller,
    error::{ErrorBody, Failure},
    money::{MoneyBody, MoneyRequest},
};

const KEY: &str = "Idempotency-Key";
/// Apps, and add-ons, in one order.
const MAX_CHOICES: usize = 50;

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new().routes(routes!(place))
}

/// An order. Exactly one of `organization` and `tenant_id`; ids and slugs serve alike.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckoutRequest {
    #[schema(example = "m")]
    plan_id: String,
    #[serde(default)]
    #[schema(example = json!(["wordpress"]))]
    apps: Vec<String>,
    #[serde(default)]
    addons: Vec<String>,
    /// A voucher, redeemed with the order or not at all.
    promo_code: Option<String>,
    /// A new Organization.
    organization: Option<OrganizationRequest>,
    /// An Organization that the caller manages.
    tenant_id: Option<String>,
    /// The total that the caller expects: at another price nothing is ordered.
    total: Option<MoneyRequest>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationRequest {
    /// 1 to 80 characters.
    name: String,
    /// 3 to 31 of a-z, 0-9 and single hyphens, beginning with a letter, not reserved and not taken.
    slug: String,
}

/// An order whose fields are in order.
struct Read {
    selection: Selection,
    voucher: Option<VoucherCode>,
    wanted: Wanted,
    seen_total: Option<Money>,
}

/// Where the order goes, as it was asked for.
enum Wanted {
    New { name: OrganizationName, slug: Slug },
    Existing(String),
}

impl CheckoutRequest {
    fn read(self) -> Result<Read, Failure> {
        let mut fields = Fields::default();
        let plan = fields.take("plan_id", plain_text(&self.plan_id, 64));
        let apps = fields.take("apps", names(&self.apps, MAX_CHOICES));
        let addons = fields.take("addons", names(&self.addons, MAX_CHOICES));
        // An empty code is what a form sends where no code was typed.
        let code = self.promo_code.filter(|code| !code.trim().is_empty());
        let voucher = code.and_then(|code| fields.take("promo_code", VoucherCode::parse(&code)));
        let seen_total = self.total.and_then(|total| {
            let (field, total) = total.read("total");
            fields.take(&field, total)
        });
        let wanted = match (self.organization, self.tenant_id) {
            (Some(new), None) => {
                let name = fields.take("organization.name", OrganizationName::parse(&new.name));
                let slug = fields.take("organization.slug", Slug::parse(&new.slug));
                name.zip(slug).map(|(name, slug)| Wanted::New { name, slug })
            }
            (None, Some(id)) => fields.take("tenant_id", plain_text(&id, 64)).map(Wanted::Existing),
            (None, None) => return Err(Failure::required("organization")),
            (Some(_), Some(_)) => {
                let message = "give one of organization and tenant_id";
                return Err(Failure::bad_request("ambiguous", message).at("tenant_id"));
            }
        };
        fields.finish()?;
        // `finish` has returned if something is missing.
        let wanted = wanted.ok_or(Error::Internal)?;
        let selection =
            Selection { plan, apps: apps.unwrap_or_default(), addons: addons.unwrap_or_default() };
        Ok(Read { selection, voucher, wanted, seen_total })
    }
}

/// The order, the same for each repeat of its key.
#[derive(Serialize, ToSchema)]
struct PlacedBody {
    order_id: Uuid,
    tenant_id: Uuid,
    paid_by_credit: bool,
    /// What is left after the order.
    credit_balance: MoneyBody,
}

impl From<Placed> for PlacedBody {
    fn from(placed: Placed) -> Self {
        Self {
            order_id: placed.order_id.0,
            tenant_id: placed.organization_id.0,
            paid_by_credit: placed.paid_by_credit,
            credit_balance: placed.credit_balance.into(),
        }
    }
}

/// Places an order, paid by credit: all of it, or nothing
///
/// The key is the caller's own for this order: sent again, with the same body, it gives the same order.
#[utoipa::path(
    post, path = "/billing/checkout", tag = "billing", request_body = CheckoutRequest,
    params(("Idempotency-Key" = String, Header, description = "1 to 255 characters")),
    responses(
        (status = 200, body = PlacedBody),
        (status = 409, description = "Slug taken, voucher redeemed before, key of another order, another price", body = ErrorBody),
        (status = 422, description = "Not understood or refused; nothing was stored", body = ErrorBody),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = []), ("session" = [])),
)]
async fn place(
    State(services): State<Arc<Services>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Answer<PlacedBody> {
    let mut conn = services.pool.acquire().await?;
    let actor = caller.actor(&mut conn, Scope::Orders).await?;
    let key = idempotency_key(&headers)?;
    let Read { selection, voucher, wanted, seen_total } = body.read::<CheckoutRequest>()?.read()?;
    let destination = match wanted {
        Wanted::New { name, slug } => Destination::New { name, slug },
        Wanted::Existing(id) => Destination::Existing(organization(&actor, &mut conn, &id).await?),
    };
    let order = PlaceOrder { selection, voucher, destination, seen_total };
    let shop = Shop {
        catalog: &services.catalog,
        limits: &services.voucher_limits,
        apps_domain: &services.apps_domain,
    };
    let placed = checkout::ops::place(&actor, &mut conn, &shop, key, &order).await?;
    Ok(Json(placed.into()))
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, Failure> {
    let key = headers.get(KEY).ok_or_else(|| Failure::required(KEY))?;
    let key = key.to_str().map_err(|_| Error::invalid(KEY, Problem::ControlCharacters))?.trim();
    if key.is_empty() { Err(Failure::required(KEY)) } else { Ok(key) }
}

/// An Organization by its id or its slug; somebody else's is not found.
async fn organization(actor: &Actor, conn: &mut PgConnection, text: &str) -> Result<OrganizationId, Failure> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(organizations::ops::member_of(actor, conn, text).await?.organization_id()),
    }
}
