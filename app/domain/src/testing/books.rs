//! What has to be true of the books whatever happened.

use sqlx::PgPool;

/// Each counts what is wrong.
const RULES: [(&str, &str); 13] = [
    ("entries sum to zero", "select coalesce(sum(amount_minor), 0)::bigint from ledger_entry"),
    (
        "each transaction sums to zero",
        "select count(*) from (select from ledger_entry group by ledger_transaction_id, currency
         having sum(amount_minor) <> 0) unbalanced",
    ),
    (
        "no balance is below zero",
        "select count(*) from (select from ledger_entry join ledger_account using (ledger_account_id)
         where kind = 'customer' group by billing_account_id, ledger_account.currency
         having sum(amount_minor) < 0) overdrawn",
    ),
    (
        "what is left of a billing account's lots is what it holds",
        "select count(*) from ledger_account where kind = 'customer'
         and (select coalesce(sum(amount_minor), 0) from ledger_entry
              where ledger_entry.ledger_account_id = ledger_account.ledger_account_id)
             <> (select coalesce(sum(remaining_minor), 0) from grant_lot
                 where grant_lot.billing_account_id = ledger_account.billing_account_id
                     and grant_lot.currency = ledger_account.currency)",
    ),
    (
        "what is left of the lots is what customers hold",
        "select ((select coalesce(sum(remaining_minor), 0) from grant_lot)
         - (select coalesce(sum(amount_minor), 0) from ledger_entry
            join ledger_account using (ledger_account_id) where kind = 'customer'))::bigint",
    ),
    (
        "each lot is its grant less its draws",
        "select count(*) from grant_lot where amount_minor - remaining_minor <> coalesce(
         (select sum(amount_minor) from grant_draw where grant_draw.grant_lot_id = grant_lot.grant_lot_id), 0)",
    ),
    (
        "each spend is drawn whole",
        "select count(*) from ledger_entry join ledger_account using (ledger_account_id)
         where kind = 'customer' and amount_minor < 0 and -amount_minor <> coalesce(
         (select sum(amount_minor) from grant_draw where grant_draw.ledger_entry_id = ledger_entry.ledger_entry_id), 0)",
    ),
    (
        "each voucher's counter is its redemptions and its grants, within its cap",
        "select count(*) from promo_code where times_redeemed <>
             (select count(*) from promo_redemption where promo_redemption.promo_code_id = promo_code.promo_code_id)
         or times_redeemed <> (select count(*) from ledger_transaction where reason = 'promo:' || code)
         or (max_redemptions > 0 and times_redeemed > max_redemptions)",
    ),
    (
        "each redemption has its order and its grant",
        "select count(*) from promo_redemption
         left join customer_order on customer_order.order_id = promo_redemption.order_id
             and customer_order.promo_code_id = promo_redemption.promo_code_id
         left join ledger_transaction on ledger_transaction.order_id = promo_redemption.order_id and kind = 'grant'
         where customer_order.order_id is null or ledger_transaction.ledger_transaction_id is null",
    ),
    (
        "each order of a price was paid, unless its payment was returned",
        "select count(*) from customer_order
         where case state when 'refunded' then 0 else total_minor end <> coalesce(
         (select -sum(amount_minor) from ledger_entry join ledger_account using (ledger_account_id)
          join ledger_transaction using (ledger_transaction_id)
          where ledger_transaction.order_id = customer_order.order_id
              and ledger_transaction.kind in ('spend', 'refund') and ledger_account.kind = 'customer'), 0)",
    ),
    (
        "each payment was returned and each return was taken back whole, and to the same account",
        "select count(*) from ledger_transaction again
         join ledger_entry entry on entry.ledger_transaction_id = again.ledger_transaction_id
         join ledger_account account on account.ledger_account_id = entry.ledger_account_id and account.kind = 'customer'
         left join ledger_entry undone on undone.ledger_transaction_id = again.cause_id
             and undone.ledger_account_id = entry.ledger_account_id and undone.amount_minor = -entry.amount_minor
         where again.cause_kind in ('refund', 'retry') and undone.ledger_entry_id is null",
    ),
    (
        "nothing of an order whose payment was returned is delivered or on its way, and it has no subscription",
        "select (select count(*) from application join customer_order using (order_id)
                 where customer_order.state = 'refunded' and application.state <> 'failed')
             + (select count(*) from subscription join customer_order using (order_id)
                where customer_order.state = 'refunded' and subscription.state = 'active')",
    ),
    (
        "each order has its event, its key and its subscription",
        "select count(*) from customer_order where not exists (
             select from outbox_event where payload ->> 'order_id' = customer_order.order_id::text)
         or not exists (select from idempotency where result ->> 'order_id' = customer_order.order_id::text)
         or not exists (select from subscription where subscription.order_id = customer_order.order_id)",
    ),
];

/// Fails where one of them is not. `owner`: whom no grant stops.
pub async fn check_books(owner: &PgPool) {
    for (rule, query) in RULES {
        let wrong: i64 = sqlx::query_scalar(query).fetch_one(owner).await.expect("a count");
        assert_eq!(wrong, 0, "{rule}");
    }
}
