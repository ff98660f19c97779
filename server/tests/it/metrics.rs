//! What the program tells those who watch it, and how a job is found by the request that it follows from.

use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use crate::world::{World, order_for};

async fn metrics(world: &World) -> String {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = catalyst::web::monitoring::routes(world.app.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
}

/// Totals are not counted at each scrape.
async fn once_counted(world: &World, line: &str) -> String {
    let since = Instant::now();
    loop {
        let text = metrics(world).await;
        if text.lines().any(|known| known == line) {
            return text;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{line} is not in\n{text}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn requests_jobs_states_and_books_are_counted() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    let mut browser = world.browser();
    browser.get("/apps/wordpress").await.expect(StatusCode::OK);
    browser.get("/apps/%3Cscript%3E").await.expect(StatusCode::NOT_FOUND);
    browser.get("/nothing/of/the/kind").await.expect(StatusCode::NOT_FOUND);
    let invented = client.request("INVENTED".parse().unwrap(), "/billing/balance");
    client.send(invented.body(Body::empty()).unwrap()).await.expect(StatusCode::METHOD_NOT_ALLOWED);

    let before = metrics(&world).await;
    has(&before, "catalyst_outbox_waiting 1");
    has(&before, "catalyst_applications{state=\"queued\"} 1");
    world.run_jobs().await;
    let text = once_counted(&world, "catalyst_applications{state=\"committed\"} 1").await;
    has(&text, "catalyst_http_requests_total{method=\"POST\",route=\"/billing/checkout\",status=\"200\"} 1");
    has(&text, "catalyst_http_requests_total{method=\"GET\",route=\"/apps/{slug}\",status=\"404\"} 1");
    has(&text, "catalyst_http_requests_total{method=\"GET\",route=\"(none)\",status=\"404\"} 1");
    has(&text, "catalyst_http_requests_total{method=\"other\",route=\"/billing/balance\",status=\"405\"} 1");
    assert!(!text.contains("INVENTED"), "{text}");
    has(&text, "catalyst_jobs_tried_total{kind=\"deliver_order\",outcome=\"done\"} 1");
    has(&text, "catalyst_outbox_waiting 0");
    has(&text, "catalyst_organizations{state=\"active\"} 1");
    has(&text, "catalyst_ledger_drift_minor 0");
    assert!(!text.contains("state=\"queued\"") && !text.contains("script"), "{text}");
    assert!(text.ends_with("# EOF\n"));

    world.execute("update grant_lot set remaining_minor = remaining_minor - 7").await;
    once_counted(&world, "catalyst_ledger_drift_minor 7").await;
}

#[tokio::test]
async fn a_job_names_the_request_that_it_follows_from() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    let id = "0193a5f0-0000-7000-8000-00000000abcd";
    let request = client
        .request(http::Method::POST, "/billing/checkout")
        .header("content-type", "application/json")
        .header("idempotency-key", "key-1")
        .header("x-request-id", id);
    let body = order_for("al-noor", Some("WELCOME")).to_string();
    let reply = client.send(request.body(Body::from(body)).unwrap()).await.expect(StatusCode::OK);
    assert_eq!(reply.header("x-request-id"), id);
    world.run_jobs().await;
    assert_eq!(world.number(&format!("select count(*) from job where request_id = '{id}'")).await, 2);
}

#[tokio::test]
async fn jobs_are_counted_as_long_as_they_are_not_done() {
    let mut world = World::new().await;
    world.abandon_jobs();
    world
        .execute(
            "insert into job (job_id, kind, dedupe_key, payload, state, finished_at)
             select gen_random_uuid(), 'order_mail', state || n, '{}', state,
                 case when state <> 'queued' then now() end
             from (values ('done', 4), ('failed', 3), ('queued', 2)) wanted (state, times), generate_series(1, times) n",
        )
        .await;
    let text = metrics(&world).await;
    has(&text, "catalyst_jobs{state=\"failed\"} 3");
    has(&text, "catalyst_jobs{state=\"queued\"} 2");
    assert!(!text.contains("catalyst_jobs{state=\"done\"}"), "{text}");
}

#[tokio::test]
async fn a_job_whose_worker_is_gone_waits() {
    let mut world = World::new().await;
    world.abandon_jobs();
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world
        .execute(
            "insert into job (job_id, kind, dedupe_key, payload, state, lease_token, lease_until)
             values (gen_random_uuid(), 'order_mail', 'x', '{}', 'running', gen_random_uuid(),
                 now() - interval '5 minutes')",
        )
        .await;
    let text = metrics(&world).await;
    let lag = text.lines().find_map(|line| line.strip_prefix("catalyst_job_lag_seconds ")).unwrap();
    assert!(lag.parse::<f64>().unwrap() >= 300.0, "{lag}");
}

async fn livez(world: &World) -> StatusCode {
    let request = Request::get("/livez").body(Body::empty()).unwrap();
    catalyst::web::monitoring::routes(world.app.clone()).oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_worker_that_turns_no_more_is_told_from_one_that_is_busy() {
    // A mail server that takes calls and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = format!("smtp://{}", silent.local_addr().unwrap());
    let mut world = World::with(&[("CATALYST_SMTP_URL", &smtp)]).await;
    world.abandon_jobs();
    assert_eq!(livez(&world).await, StatusCode::OK, "no worker, nothing that could hang");
    for number in 0..4 {
        let email = format!("c{number}@example.om");
        world.browser().post("/sign-in", &[("email", &email)]).await.expect(StatusCode::SEE_OTHER);
    }
    let worker = tokio::spawn(catalyst::jobs::run(world.app.clone()));
    while world.number("select count(*) from job where state = 'running'").await < 4 {
        sleep(Duration::from_millis(20)).await;
    }
    let long_ago = Instant::now().checked_sub(Duration::from_secs(121)).unwrap();
    world.app.heartbeat.beat(long_ago);
    assert_eq!(livez(&world).await, StatusCode::SERVICE_UNAVAILABLE);
    let turns = async {
        while livez(&world).await != StatusCode::OK {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), turns).await.expect("a busy worker turns");
    worker.abort();
}

#[tokio::test]
async fn a_long_count_is_not_a_database_that_does_not_answer() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "2")]).await;
    let mut blocker = world.owner.begin().await.unwrap();
    sqlx::query("lock table grant_lot in access exclusive mode").execute(&mut *blocker).await.unwrap();
    for _ in 0..2 {
        has(&metrics(&world).await, "catalyst_database_up 1");
    }
    // However often somebody asks, one counts.
    let counting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%grant_lot%'";
    assert_eq!(world.number(counting).await, 1);
    blocker.rollback().await.unwrap();
}
