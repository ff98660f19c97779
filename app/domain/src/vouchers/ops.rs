//! The verbs of vouchers.

use sqlx::{Connection, PgConnection};

use super::{
    DESCRIPTION_MAX, Issue, Preview, REDEMPTIONS_MAX, Redemption, Voucher,
    store::{self, NewRedemption},
};
use crate::{
    access::{Actor, Admin, Origin},
    audit::{self, Action},
    db,
    error::{Error, Fields, Problem, Refusal, Result},
    ids::PromoCodeId,
    limits::{self, Limit},
    money::{Currency, Money},
    page::{Page, PageRequest},
    text::{VoucherCode, plain_text},
};

/// How often codes may be tried.
#[derive(Clone, Debug)]
pub struct VoucherLimits {
    pub previews_per_ip: Limit,
    pub redemptions_per_ip: Limit,
    pub redemptions_per_account: Limit,
}

/// Issues a voucher, or changes the one of that code.
pub async fn issue(admin: &Admin, conn: &mut PgConnection, issue: Issue) -> Result<Voucher> {
    let mut fields = Fields::default();
    fields.take("credit", if issue.credit.is_positive() { Ok(()) } else { Err(Problem::NotPositive) });
    let description = fields.take("description", plain_text(&issue.description, DESCRIPTION_MAX));
    let in_range = (0..=REDEMPTIONS_MAX).contains(&issue.max_redemptions);
    fields.take(
        "max_redemptions",
        if in_range { Ok(()) } else { Err(Problem::OutOfRange { min: 0, max: REDEMPTIONS_MAX.into() }) },
    );
    fields.finish()?;
    let issue = Issue { description: description.unwrap_or_default(), ..issue };
    let mut tx = conn.begin().await?;
    let row = match store::upsert(&mut tx, admin.actor().id(), &issue).await {
        Err(Error::Invalid(_)) => {
            tx.rollback().await?;
            let redeemed = store::times_redeemed(conn, &issue.code).await?;
            return Err(Error::invalid("max_redemptions", Problem::CapTooLow { redeemed }));
        }
        row => row?,
    };
    // One that could be redeemed by nobody would be dead on arrival: its issuer means another cap.
    let voucher = Voucher::try_from(row)?;
    if voucher.active && voucher.exhausted() {
        let redeemed = voucher.times_redeemed;
        return Err(Error::invalid("max_redemptions", Problem::CapTooLow { redeemed }));
    }
    let action = Action::IssueVoucher {
        code: &issue.code,
        credit: issue.credit,
        max_redemptions: issue.max_redemptions,
        active: issue.active,
    };
    audit::record(admin, &mut tx, action).await?;
    tx.commit().await?;
    Ok(voucher)
}

/// A code that nobody guesses and nobody misreads: 12 of 31 letters and digits, in groups of four.
pub fn suggest_code() -> Result<VoucherCode> {
    const READABLE: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let mut code = String::new();
    while code.len() < 14 {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|_| Error::Internal)?;
        // 248 is the largest multiple of 31 in a byte: above it, the first letters would be likelier.
        for byte in bytes.into_iter().filter(|byte| *byte < 248) {
            if code.len() == 14 {
                break;
            }
            if matches!(code.len(), 4 | 9) {
                code.push('-');
            }
            code.push(char::from(READABLE[usize::from(byte % 31)]));
        }
    }
    VoucherCode::parse(&code).map_err(|_| Error::Internal)
}

/// Those that are not revoked.
pub async fn list(_: &Admin, conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Voucher>> {
    store::list(conn, wanted).await?.try_map(TryInto::try_into)
}

/// The voucher of a code; none where there never was one, or it is revoked.
pub async fn one(_: &Admin, conn: &mut PgConnection, code: &VoucherCode) -> Result<Option<Voucher>> {
    store::find(conn, code).await?.map(TryInto::try_into).transpose()
}

pub async fn redemptions(
    _: &Admin,
    conn: &mut PgConnection,
    wanted: &PageRequest,
) -> Result<Page<Redemption>> {
    store::redemptions(conn, wanted).await
}

/// Takes a voucher out of use. What was redeemed stays redeemed.
pub async fn revoke(admin: &Admin, conn: &mut PgConnection, code: &VoucherCode) -> Result<()> {
    let mut tx = conn.begin().await?;
    if !store::revoke(&mut tx, code).await? {
        return Err(Error::NotFound);
    }
    audit::record(admin, &mut tx, Action::RevokeVoucher { code }).await?;
    tx.commit().await?;
    Ok(())
}

/// What a code is worth, for anybody who holds it. A revoked code answers exactly as an unknown one.
pub async fn preview(
    origin: &Origin,
    conn: &mut PgConnection,
    limits: &VoucherLimits,
    code: &VoucherCode,
) -> Result<Preview> {
    limits::count(conn, &format!("preview:ip:{}", origin.ip), limits.previews_per_ip).await?;
    look_up(conn, code).await
}

/// A preview that ends in a refusal where the code cannot be redeemed, by this person if one is known.
/// Counts nothing: for a code that was counted when it was put into the cart.
pub async fn usable(actor: Option<&Actor>, conn: &mut PgConnection, code: &VoucherCode) -> Result<Preview> {
    let preview = look_up(conn, code).await?;
    if !preview.active {
        return Err(Refusal::VoucherInactive.into());
    }
    if let Some(actor) = actor
        && store::has_redeemed(conn, code, actor.id()).await?
    {
        return Err(Refusal::VoucherAlreadyRedeemed.into());
    }
    if preview.accepting_redemptions { Ok(preview) } else { Err(Refusal::VoucherExhausted.into()) }
}

async fn look_up(conn: &mut PgConnection, code: &VoucherCode) -> Result<Preview> {
    let row = store::find(conn, code).await?.ok_or(Refusal::VoucherUnknown)?;
    let voucher = Voucher::try_from(row)?;
    Ok(Preview {
        accepting_redemptions: voucher.active && !voucher.exhausted(),
        code: voucher.code,
        credit: voucher.credit,
        description: voucher.description,
        active: voucher.active,
    })
}

/// Counts a try to redeem; before the transaction, because a failed try counts too.
pub(crate) async fn count_try(actor: &Actor, conn: &mut PgConnection, limits: &VoucherLimits) -> Result<()> {
    let ip = format!("redeem:ip:{}", actor.origin().ip);
    let account = format!("redeem:by:{}", actor.id());
    let tries = [(&*ip, limits.redemptions_per_ip), (&*account, limits.redemptions_per_account)];
    limits::count_both(conn, tries).await
}

/// What a code gives now, for an order of a currency. Nothing is taken yet. A voucher that is worth another currency
/// than the order would be used up without paying for anything, and is refused.
pub(crate) async fn offer(
    actor: &Actor,
    conn: &mut PgConnection,
    code: &VoucherCode,
    currency: Currency,
) -> Result<Offer> {
    let Some(offer) = store::offer(conn, code).await? else {
        return Err(explain(actor, conn, code).await?.into());
    };
    let credit = db::money(offer.credit_minor, &offer.currency)?;
    if credit.currency() != currency {
        return Err(Refusal::VoucherCurrency.into());
    }
    Ok(Offer { promo_code_id: offer.promo_code_id, credit })
}

/// A voucher as it was read; `redeem` takes it as it was, or not at all.
pub(crate) struct Offer {
    pub promo_code_id: PromoCodeId,
    pub credit: Money,
}

/// Redeems what was offered, in the order's own transaction. It comes last there: everybody who redeems the same code
/// waits for the row until the commit. One conditional update decides, and a refusal is explained by a second,
/// read-only look; a voucher whose terms changed meanwhile is to be asked for anew.
pub(crate) async fn redeem(
    actor: &Actor,
    conn: &mut PgConnection,
    code: &VoucherCode,
    offer: &Offer,
    redemption: &NewRedemption,
) -> Result<()> {
    if store::redeem(conn, actor.id(), offer.promo_code_id, offer.credit, redemption).await? {
        return Ok(());
    }
    Err(explain(actor, conn, code).await?.into())
}

/// Why nothing could be taken.
async fn explain(actor: &Actor, conn: &mut PgConnection, code: &VoucherCode) -> Result<Refusal> {
    let Some(row) = store::find(conn, code).await? else { return Ok(Refusal::VoucherUnknown) };
    if !row.active {
        return Ok(Refusal::VoucherInactive);
    }
    // Somebody who took one of the last is told so, rather than that others were faster.
    if store::has_redeemed(conn, code, actor.id()).await? {
        return Ok(Refusal::VoucherAlreadyRedeemed);
    }
    // What can be redeemed now was worth something else, or could not be redeemed, a moment ago.
    Ok(if Voucher::try_from(row)?.exhausted() { Refusal::VoucherExhausted } else { Refusal::VoucherChanged })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_code_is_a_code_without_look_alikes_and_never_the_same() {
        let codes: Vec<_> = (0..50).map(|_| suggest_code().unwrap().to_string()).collect();
        for code in &codes {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4], "{code}");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
        }
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(different.len(), codes.len());
    }
}
