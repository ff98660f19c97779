//! Vouchers: issue, list, revoke, preview. The former names under `/billing/admin/promos` are the same verbs.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    access::Scope,
    error::{Error, Fields, Problem, Refusal},
    money::{Currency, Money},
    services::Services,
    text::VoucherCode,
    vouchers::{self, Issue, Preview, Voucher},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    body::Body,
    caller::Caller,
    error::{ErrorBody, Failure},
    money::{Decimal, Digits, MoneyBody, MoneyRequest, Omr, from_baisa},
    paging::{Listed, Paging},
};

const PAGE: i64 = 500;

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(issue))
        .routes(routes!(list))
        .routes(routes!(revoke))
        .routes(routes!(redeem_preview))
        .routes(routes!(list_promos, issue_promo))
        .routes(routes!(revoke_promo))
}

/// A voucher, as it is stored.
#[derive(Serialize, ToSchema)]
struct VoucherBody {
    #[schema(example = "WELCOME-50")]
    code: String,
    /// Null in another currency than OMR, as is `credit_baisa`.
    credit_omr: Option<Decimal>,
    credit_baisa: Option<i64>,
    credit: MoneyBody,
    description: String,
    active: bool,
    /// 0: no limit.
    max_redemptions: i32,
    times_redeemed: i32,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Voucher> for VoucherBody {
    fn from(voucher: Voucher) -> Self {
        let Omr { omr, baisa } = voucher.credit.into();
        Self {
            code: voucher.code.to_string(),
            credit_omr: omr,
            credit_baisa: baisa,
            credit: voucher.credit.into(),
            description: voucher.description,
            active: voucher.active,
            max_redemptions: voucher.max_redemptions,
            times_redeemed: voucher.times_redeemed,
            created_at: voucher.created_at,
        }
    }
}

/// What to issue. Exactly one of `credit`, `credit_omr` and `credit_baisa`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueRequest {
    /// 3 to 40 letters, digits and single hyphens; trimmed and upper-cased.
    #[schema(example = "WELCOME-50")]
    code: String,
    credit: Option<MoneyRequest>,
    /// A number or a string with at most three decimals, read exactly.
    credit_omr: Option<Digits>,
    credit_baisa: Option<i64>,
    /// At most 200 characters.
    description: Option<String>,
    /// True where it is left out.
    active: Option<bool>,
    /// 0, or left out: no limit.
    max_redemptions: Option<i64>,
}

impl IssueRequest {
    fn read(self, currency: Currency) -> Result<Issue, Failure> {
        let mut fields = Fields::default();
        let code = fields.take("code", VoucherCode::parse(&self.code));
        let (field, credit) = self.credit(currency)?;
        let credit = fields.take(field, credit);
        let cap = self.max_redemptions.unwrap_or_default();
        let range = Problem::OutOfRange { min: 0, max: vouchers::REDEMPTIONS_MAX.into() };
        let cap = fields.take("max_redemptions", i32::try_from(cap).map_err(|_| range));
        fields.finish()?;
        // `finish` has returned if one of them is missing.
        let (Some(code), Some(credit), Some(max_redemptions)) = (code, credit, cap) else {
            return Err(Error::Internal.into());
        };
        Ok(Issue {
            code,
            credit,
            description: self.description.unwrap_or_default(),
            active: self.active.unwrap_or(true),
            max_redemptions,
        })
    }

    /// The field that the credit is in, and the credit.
    fn credit(&self, currency: Currency) -> Result<(&'static str, Result<Money, Problem>), Failure> {
        let rials = if currency == Currency::OMR { Ok(currency) } else { Err(Problem::UnknownCurrency) };
        match (&self.credit, &self.credit_omr, self.credit_baisa) {
            (Some(credit), None, None) => Ok(match Currency::parse(&credit.currency) {
                Ok(sent) if sent == currency => ("credit.amount", credit.amount.read(currency)),
                _ => ("credit.currency", Err(Problem::UnknownCurrency)),
            }),
            (None, Some(rial), None) => Ok(("credit_omr", rials.and_then(|omr| rial.read(omr)))),
            (None, None, Some(baisa)) => Ok(("credit_baisa", rials.and_then(|_| from_baisa(baisa)))),
            (None, None, None) => Err(Failure::required("credit")),
            _ => {
                let message = "give one of credit, credit_omr and credit_baisa";
                Err(Failure::bad_request("ambiguous", message).at("credit"))
            }
        }
    }
}

/// The code in the path; what is not UTF-8 is told as the field that it is.
type CodePath = Result<Path<String>, PathRejection>;

fn code(path: CodePath) -> Result<VoucherCode, Failure> {
    let Path(text) = path.map_err(|_| Failure::bad_request("not_utf8", "code is not UTF-8").at("code"))?;
    Ok(VoucherCode::parse(&text).map_err(|problem| Error::invalid("code", problem))?)
}

/// Issues a voucher, or changes the one of that code and brings it back if it was revoked
#[utoipa::path(
    post, path = "/billing/vouchers/issue", tag = "vouchers", request_body = IssueRequest,
    responses((status = 200, body = VoucherBody), (status = "4XX", body = ErrorBody)),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn issue(State(services): State<Arc<Services>>, caller: Caller, body: Body) -> Answer<VoucherBody> {
    let mut conn = services.pool.acquire().await?;
    let admin = caller.actor(&mut conn, Scope::Vouchers).await?.admin()?;
    let wanted = body.read::<IssueRequest>()?.read(services.currency)?;
    Ok(Json(vouchers::ops::issue(&admin, &mut conn, wanted).await?.into()))
}

/// Vouchers that are not revoked, the newest first, 500 a page where no limit is given
#[utoipa::path(
    get, path = "/billing/vouchers/list", tag = "vouchers", params(Paging),
    responses(
        (status = 200, body = Vec<VoucherBody>, headers(("Link" = String, description = "The next page, `rel=\"next\"`; absent after the last"))),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn list(
    State(services): State<Arc<Services>>,
    caller: Caller,
    paging: Paging,
) -> Listed<Vec<VoucherBody>> {
    let mut conn = services.pool.acquire().await?;
    let admin = caller.actor(&mut conn, Scope::Vouchers).await?.admin()?;
    let vouchers = vouchers::ops::list(&admin, &mut conn, &paging.read(PAGE)?).await?;
    Ok(paging.answer(vouchers))
}

#[derive(Serialize, ToSchema)]
struct Revoked {
    ok: bool,
}

/// Takes a voucher out of use; what was redeemed stays redeemed
#[utoipa::path(
    delete, path = "/billing/vouchers/revoke/{code}", tag = "vouchers", params(("code" = String, Path)),
    responses((status = 200, body = Revoked), (status = "4XX", body = ErrorBody)),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn revoke(State(services): State<Arc<Services>>, caller: Caller, path: CodePath) -> Answer<Revoked> {
    let mut conn = services.pool.acquire().await?;
    let admin = caller.actor(&mut conn, Scope::Vouchers).await?.admin()?;
    vouchers::ops::revoke(&admin, &mut conn, &code(path)?).await?;
    Ok(Json(Revoked { ok: true }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewRequest {
    #[schema(example = "WELCOME-50")]
    code: String,
}

/// What a code is worth; never its caps or counts.
#[derive(Serialize, ToSchema)]
struct PreviewBody {
    code: String,
    credit_omr: Option<Decimal>,
    credit_baisa: Option<i64>,
    credit: MoneyBody,
    description: String,
    active: bool,
    accepting_redemptions: bool,
}

impl From<Preview> for PreviewBody {
    fn from(preview: Preview) -> Self {
        let Omr { omr, baisa } = preview.credit.into();
        Self {
            code: preview.code.to_string(),
            credit_omr: omr,
            credit_baisa: baisa,
            credit: preview.credit.into(),
            description: preview.description,
            active: preview.active,
            accepting_redemptions: preview.accepting_redemptions,
        }
    }
}

/// What a code is worth, for anybody who holds it
///
/// A revoked code answers exactly as one that never was.
#[utoipa::path(
    post, path = "/billing/vouchers/redeem-preview", tag = "vouchers", request_body = PreviewRequest,
    responses(
        (status = 200, body = PreviewBody),
        (status = 404, description = "Unknown or revoked", body = ErrorBody),
        (status = 410, description = "Not active, or used up", body = PreviewBody),
        (status = 429, description = "Too many tries from this address", body = ErrorBody),
        (status = "4XX", body = ErrorBody),
    ),
)]
async fn redeem_preview(
    State(services): State<Arc<Services>>,
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let wanted: PreviewRequest = body.read()?;
    let code = VoucherCode::parse(&wanted.code).map_err(|problem| Error::invalid("code", problem))?;
    let mut conn = services.pool.acquire().await?;
    match vouchers::ops::preview(caller.origin(), &mut conn, &services.voucher_limits, &code).await {
        Ok(preview) => {
            let status = if preview.accepting_redemptions { StatusCode::OK } else { StatusCode::GONE };
            Ok((status, Json(PreviewBody::from(preview))).into_response())
        }
        Err(Error::Refused(unknown @ Refusal::VoucherUnknown)) => {
            Err(Failure::new(StatusCode::NOT_FOUND, unknown.code(), unknown.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The former name of `/billing/vouchers/list`
#[utoipa::path(
    get, path = "/billing/admin/promos", tag = "vouchers", params(Paging),
    responses(
        (status = 200, body = Vec<VoucherBody>, headers(("Link" = String, description = "The next page, `rel=\"next\"`; absent after the last"))),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn list_promos(
    services: State<Arc<Services>>,
    caller: Caller,
    paging: Paging,
) -> Listed<Vec<VoucherBody>> {
    list(services, caller, paging).await
}

/// The former name of `/billing/vouchers/issue`
#[utoipa::path(
    post, path = "/billing/admin/promos", tag = "vouchers", request_body = IssueRequest,
    responses((status = 200, body = VoucherBody), (status = "4XX", body = ErrorBody)),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn issue_promo(services: State<Arc<Services>>, caller: Caller, body: Body) -> Answer<VoucherBody> {
    issue(services, caller, body).await
}

/// The former name of `/billing/vouchers/revoke/{code}`
#[utoipa::path(
    delete, path = "/billing/admin/promos/{code}", tag = "vouchers", params(("code" = String, Path)),
    responses((status = 200, body = Revoked), (status = "4XX", body = ErrorBody)),
    security(("bearer" = ["superadmin", "sovereign-admin"]), ("session" = ["superadmin", "sovereign-admin"])),
)]
async fn revoke_promo(services: State<Arc<Services>>, caller: Caller, path: CodePath) -> Answer<Revoked> {
    revoke(services, caller, path).await
}
