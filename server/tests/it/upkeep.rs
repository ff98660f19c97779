//! What is over goes after its time, and nothing before.

use domain::{
    access::{PlatformRole, Worker},
    events, idempotency,
    identity::sessions,
    ids::OrderId,
    jobs,
    orders::{self, OrderState},
    organizations,
    page::PageRequest,
    testing::signed_in,
    vouchers,
};
use http::StatusCode;
use sqlx::{Acquire as _, PgConnection};

use crate::world::{World, order_for};

#[tokio::test]
async fn what_is_over_goes_after_its_time_and_nothing_before() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let order = order_for("al-noor", Some("WELCOME"));
    let first = customer.order("key-1", &order).await.expect(StatusCode::OK).json();
    world.run_jobs().await;
    world
        .execute(
            "insert into job (job_id, kind, dedupe_key, payload, state, finished_at)
                   values (gen_random_uuid(), 'deliver_order', 'failed', '{}', 'failed', now())",
        )
        .await;
    let tables = ["job", "event", "idempotency", "outbox_event"];
    for (days, left) in
        [(1, [3, 5, 1, 1]), (8, [1, 5, 1, 1]), (31, [1, 0, 1, 1]), (61, [1, 0, 0, 1]), (91, [0; 4])]
    {
        for (table, column) in [
            ("job", "finished_at"),
            ("event", "created_at"),
            ("idempotency", "created_at"),
            ("outbox_event", "dispatched_at"),
        ] {
            world.execute(&format!("update {table} set {column} = now() - interval '{days} days'")).await;
        }
        catalyst::jobs::sweep(&world.app).await.unwrap();
        for (table, left) in tables.iter().zip(left) {
            assert_eq!(
                world.number(&format!("select count(*) from {table}")).await,
                left,
                "{table}, {days} days"
            );
        }
        if days == 31 {
            // The cart of this order may still be there, and send it once more.
            assert_eq!(customer.order("key-1", &order).await.expect(StatusCode::OK).json(), first);
        }
    }
}

/// Rows of many customers, most of which are of no interest; nothing refers to the first hundred orders, accounts and
/// Organizations.
const MANY: &str = "
    set session_replication_role = replica;
    create temporary table many as
        select n, gen_random_uuid() as account, gen_random_uuid() as organization, gen_random_uuid() as placed,
            now() - make_interval(secs => n) as at
        from generate_series(1, 20000) n;
    insert into account (account_id, email) select account, n || '@many.om' from many;
    insert into organization (organization_id, slug, name, state, plan_id, billing_account_id, created_at)
        select organization, 'many-a' || n, 'Many', 'active', plan_id, gen_random_uuid(), at
        from many, plan where plan.slug = 's';
    insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state, paid_by,
            created_at)
        select placed, account, case when n > 100 then organization else gen_random_uuid() end, plan_id, 5000, 'OMR',
            case n % 2000 when 0 then 'pending' else 'completed' end, 'credit', at
        from many, plan where plan.slug = 's';
    insert into application (application_id, organization_id, app_id, order_id, slug, name, blueprint_version, ram_mb,
            cpu_milli, disk_gb, organization_name, plan, ordered_by)
        select gen_random_uuid(), gen_random_uuid(), app_id, placed, slug, name, blueprint_version, ram_mb, cpu_milli,
            disk_gb, 'Many', 's', 'many@x.om'
        from many, app where app.slug = 'wordpress' and n > 100;
    insert into promo_code (promo_code_id, code, credit_minor, currency)
        select account, 'MANY-' || n, 5000, 'OMR' from many;
    insert into promo_redemption (promo_redemption_id, promo_code_id, account_id, order_id, ledger_transaction_id,
            credit_minor, currency, created_at)
        select gen_random_uuid(), account, account, placed, gen_random_uuid(), 5000, 'OMR', at from many where n > 100;
    insert into event (subject_kind, subject_id, kind, payload, created_at)
        select 'order', placed, 'order', '{}', now() - make_interval(days => case n % 2000 when 0 then 40 else 1 end)
        from many;
    insert into idempotency (account_id, operation, key, request_hash, created_at)
        select account, 'order.place', 'k', '\\x00', now() - make_interval(days => case n % 2000 when 0 then 100 else 1 end)
        from many;
    insert into session (session_hash, data, seen_at, expires_at)
        select sha256(n::text::bytea), '{}', now() - make_interval(days => case n % 2000 when 0 then 20 else 1 end),
            now() + interval '10 days'
        from many;
    insert into sign_in_link (sign_in_link_id, email, browser_hash, return_to, locale, expires_at)
        select gen_random_uuid(), n || '@many.om', sha256(n::text::bytea), '/', 'en',
            now() - make_interval(hours => case n % 2000 when 0 then 48 else 1 end)
        from many;
    insert into job (job_id, kind, dedupe_key, payload, state, finished_at)
        select gen_random_uuid(), 'order_mail', n, '{}', 'done',
            now() - make_interval(days => case n % 2000 when 0 then 8 else 1 end)
        from many;
    insert into outbox_event (outbox_event_id, topic, payload, dispatched_at, publication_queued_at)
        select gen_random_uuid(), 'order.placed', jsonb_build_object('topic', 'order_placed', 'order_id', placed),
            now() - make_interval(days => case n % 2000 when 0 then 100 else 1 end),
            case when n % 2000 <> 1 then now() end
        from many;
    reset session_replication_role;
    analyze";

/// How often an index was used, as far as this connection knows by now.
async fn uses(conn: &mut PgConnection, index: &str) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *conn).await.unwrap();
    let uses = sqlx::query_scalar("select idx_scan from pg_stat_user_indexes where indexrelname = $1");
    uses.bind(index).fetch_one(conn).await.unwrap_or_else(|error| panic!("{index}: {error}"))
}

/// Fails unless this uses the index.
macro_rules! uses_index {
    ($conn:expr, $index:literal, $work:expr) => {
        let before = uses($conn, $index).await;
        $work;
        assert!(uses($conn, $index).await > before, "{} is not used", $index);
    };
}

#[tokio::test]
async fn what_is_looked_for_among_many_rows_is_found_by_its_index() {
    let mut world = World::new().await;
    world.abandon_jobs();
    let mut owner = world.owner.acquire().await.unwrap();
    sqlx::raw_sql(MANY).execute(&mut *owner).await.unwrap();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let conn = &mut *conn;
    let root = signed_in(conn, "root@sovereign.om", PlatformRole::Superadmin).await;
    let (admin, superadmin) = (root.clone().admin().unwrap(), root.superadmin().unwrap());
    let order: OrderId = sqlx::query_scalar("select placed::text from many where n = 5000")
        .fetch_one(&mut *owner)
        .await
        .map(|id: String| id.parse().unwrap())
        .unwrap();
    let limits = &world.app.config.limits.sessions;

    uses_index!(conn, "outbox_event_unpublished", assert_eq!(jobs::dispatch(conn, true).await.unwrap(), 10));
    // First what is swept of jobs, then of events, each in one statement.
    let before = uses(conn, "outbox_event_dispatched").await;
    uses_index!(conn, "job_finished", assert_eq!(jobs::sweep(conn).await.unwrap(), 20));
    assert!(uses(conn, "outbox_event_dispatched").await > before, "outbox_event_dispatched is not used");
    uses_index!(conn, "event_age", assert_eq!(events::sweep(conn).await.unwrap(), 10));
    uses_index!(conn, "idempotency_age", assert_eq!(idempotency::sweep(conn).await.unwrap(), 10));
    let before = uses(conn, "sign_in_link_expiry").await;
    uses_index!(conn, "session_seen", assert_eq!(sessions::sweep(conn, limits).await.unwrap(), 20));
    assert!(uses(conn, "sign_in_link_expiry").await > before, "sign_in_link_expiry is not used");

    let worker = Worker::in_a_test();
    uses_index!(
        conn,
        "application_order",
        assert_eq!(organizations::ops::undelivered(&worker, conn, order).await.unwrap().len(), 1)
    );
    uses_index!(conn, "customer_order_state", {
        let pending =
            orders::ops::newest(&superadmin, conn, Some(OrderState::Pending), &PageRequest::newest(50))
                .await
                .unwrap()
                .items;
        assert_eq!(pending.len(), 10);
    });
    uses_index!(conn, "promo_redemption_newest_of_all", {
        assert_eq!(
            vouchers::ops::redemptions(&admin, conn, &PageRequest::newest(100)).await.unwrap().items.len(),
            100
        );
    });
    uses_index!(conn, "organization_newest", {
        assert_eq!(
            organizations::ops::newest(&superadmin, conn, &PageRequest::newest(100))
                .await
                .unwrap()
                .items
                .len(),
            100
        );
    });

    // Who deletes looks for what refers to it.
    let indexes = ["promo_redemption_order", "promo_redemption_account", "customer_order_organization"];
    let mut before = Vec::new();
    for index in indexes {
        before.push(uses(&mut owner, index).await);
    }
    let mut tx = owner.begin().await.unwrap();
    sqlx::raw_sql(
        "delete from customer_order where order_id = (select placed from many where n = 1);
         delete from account where account_id = (select account from many where n = 1);
         delete from organization where organization_id = (select organization from many where n = 1);
         set constraints all immediate",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.rollback().await.unwrap();
    for (index, before) in indexes.into_iter().zip(before) {
        assert!(uses(&mut owner, index).await > before, "{index} is not used");
    }
}
