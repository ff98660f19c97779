//! The ledger: what the database itself refuses, whoever asks.

use domain::testing::TestDatabase;
use http::StatusCode;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

use crate::world::{World, order_for};

/// The code (SQLSTATE) and the constraint of a refusal.
async fn refusal(pool: &PgPool, statements: &str) -> (String, String) {
    let error =
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(pool).await.expect_err(statements);
    let error = error.as_database_error().unwrap_or_else(|| panic!("{statements}: {error}"));
    (error.code().unwrap_or_default().into_owned(), error.constraint().unwrap_or_default().to_owned())
}

const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[tokio::test]
async fn the_application_can_neither_change_nor_delete_what_was_booked() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    world
        .customer("a@x.om")
        .await
        .order("k", &order_for("acme", Some("WELCOME")))
        .await
        .expect(StatusCode::OK);
    let application = &world.app.services.pool;
    for table in [
        "ledger_account",
        "ledger_transaction",
        "ledger_entry",
        "grant_draw",
        "promo_redemption",
        "audit_event",
    ] {
        for statement in [
            format!("update {table} set created_at = now()"),
            format!("delete from {table}"),
            format!("truncate {table} cascade"),
        ] {
            assert_eq!(refusal(application, &statement).await.0, INSUFFICIENT_PRIVILEGE, "{statement}");
        }
    }
    for table in ["grant_lot", "customer_order", "order_line", "promo_code"] {
        let statement = format!("delete from {table}");
        assert_eq!(refusal(application, &statement).await.0, INSUFFICIENT_PRIVILEGE, "{statement}");
    }
    // Nor does a slip of the owner's hand.
    for table in ["ledger_transaction", "ledger_entry", "grant_draw"] {
        for statement in [format!("update {table} set created_at = now()"), format!("delete from {table}")] {
            assert_eq!(refusal(&world.owner, &statement).await.0, INSUFFICIENT_PRIVILEGE, "{statement}");
        }
    }
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn a_transaction_that_does_not_sum_to_zero_is_refused_at_its_commit() {
    let database = TestDatabase::new().await;
    let application = database.pool(1).await;
    let booking = |entries: &[(&str, i64, &str)]| {
        let mut statements = "begin; insert into ledger_transaction (ledger_transaction_id, kind, reason, cause_kind, cause_id)
            values ('00000000-0000-7000-8000-0000000000aa', 'correction', 'test', 'correction', gen_random_uuid());"
            .to_owned();
        for (account, amount, currency) in entries {
            let (kind, own_currency) = account.split_once(' ').unwrap();
            statements += &format!(
                "insert into ledger_entry select gen_random_uuid(), '00000000-0000-7000-8000-0000000000aa',
                 ledger_account_id, {amount}, '{currency}' from ledger_account
                 where kind = '{kind}' and currency = '{own_currency}';"
            );
        }
        statements + "commit"
    };
    for entries in [
        &[][..],
        &[("promotion OMR", 5, "OMR")],
        &[("promotion OMR", 5, "OMR"), ("sale OMR", -4, "OMR")],
        // The sum of the numbers is zero; of the money it is not.
        &[("promotion OMR", 5, "OMR"), ("promotion USD", -5, "USD")],
    ] {
        let (_, constraint) = refusal(&application, &booking(entries)).await;
        assert_eq!(constraint, "ledger_sums_to_zero", "{entries:?}");
        sqlx::raw_sql("rollback").execute(&application).await.unwrap();
    }
    let (_, constraint) =
        refusal(&application, &booking(&[("promotion OMR", 5, "USD"), ("sale OMR", -5, "USD")])).await;
    assert_eq!(constraint, "ledger_entry_currency");
    sqlx::raw_sql("rollback").execute(&application).await.unwrap();
    let (_, constraint) = refusal(&application, &booking(&[("promotion OMR", 0, "OMR")])).await;
    assert_eq!(constraint, "ledger_entry_not_zero");
    sqlx::raw_sql("rollback").execute(&application).await.unwrap();
    let good = booking(&[
        ("promotion OMR", 5, "OMR"),
        ("sale OMR", -5, "OMR"),
        ("promotion USD", 7, "USD"),
        ("sale USD", -7, "USD"),
    ]);
    sqlx::raw_sql(AssertSqlSafe(good)).execute(&application).await.unwrap();
}

#[tokio::test]
async fn an_entry_added_to_a_booked_transaction_is_refused_too() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    world
        .customer("a@x.om")
        .await
        .order("k", &order_for("acme", Some("WELCOME")))
        .await
        .expect(StatusCode::OK);
    let late = "insert into ledger_entry (ledger_entry_id, ledger_transaction_id, ledger_account_id, amount_minor, currency)
        select gen_random_uuid(), ledger_transaction_id, ledger_account_id, 1, currency from ledger_entry limit 1";
    assert_eq!(refusal(&world.app.services.pool, late).await.1, "ledger_sums_to_zero");
    world.abandon_jobs();
}

#[tokio::test]
async fn spending_draws_on_the_oldest_grant_first_and_never_below_zero() {
    let mut world = World::new().await;
    world.voucher("FIRST", "7", 0).await;
    world.voucher("SECOND", "30", 0).await;
    let customer = world.customer("a@x.om").await;
    customer.order("k1", &order_for("one", Some("FIRST"))).await.expect(StatusCode::OK);
    // 2.000 of the first grant are left, and 30.000 come: the plan of 9.000 takes both.
    let order = json!({ "plan_id": "m", "apps": ["ghost"], "promo_code": "SECOND", "tenant_id": "one" });
    customer.order("k2", &order).await.expect(StatusCode::OK);
    let lots = customer.get("/billing/balance").await.json();
    assert_eq!(lots["lots"].as_array().unwrap().len(), 1);
    assert_eq!(lots["lots"][0]["reason"], "promo:SECOND");
    assert_eq!(lots["lots"][0]["remaining"]["amount"], "23.000");
    let draws = "select count(*) from grant_draw where amount_minor in (5000, 2000, 7000)";
    assert_eq!(world.number(draws).await, 3);
    world.check_books().await;
    let below = "update grant_lot set remaining_minor = -1";
    assert_eq!(refusal(&world.app.services.pool, below).await.1, "grant_lot_remaining");
    let above = "update grant_lot set remaining_minor = amount_minor + 1";
    assert_eq!(refusal(&world.app.services.pool, above).await.1, "grant_lot_remaining");
    world.abandon_jobs();
}

#[tokio::test]
async fn a_counter_cannot_pass_its_cap_whoever_writes_it() {
    let world = World::new().await;
    world.voucher("FEW", "5", 3).await;
    for statement in [
        "update promo_code set times_redeemed = 4",
        "update promo_code set times_redeemed = -1",
        "update promo_code set max_redemptions = -1",
    ] {
        assert_eq!(refusal(&world.owner, statement).await.1, "promo_code_cap", "{statement}");
    }
    let free = "update promo_code set credit_minor = 0";
    assert_eq!(refusal(&world.owner, free).await.1, "promo_code_credit_positive");
}
