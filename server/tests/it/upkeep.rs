//! What is over goes after its time, and nothing before.

use http::StatusCode;

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
