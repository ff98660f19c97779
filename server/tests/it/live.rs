//! Live streams: what happens to an Organization, told to its members.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use http::{Method, StatusCode, header};
use tower::ServiceExt as _;

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, World, order_for},
};

/// Reads so many events, and fails where they do not come in time. Nothing is read after them.
async fn read(world: &World, browser: &Browser, path: &str, last: Option<&str>, count: usize) -> Vec<String> {
    let mut request = browser.request(Method::GET, path).header(header::ACCEPT, "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = world.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let mut text = String::new();
    let all = async {
        while text.matches("\n\n").count() < count {
            text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
    text.trim_end().split("\n\n").map(str::to_owned).collect()
}

/// The stream of what comes after the 999,999th event.
async fn watch(world: &World, browser: &Browser, path: &str) -> BodyDataStream {
    let request = browser.request(Method::GET, &format!("{path}?after=999999")).body(Body::empty()).unwrap();
    let response = world.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().into_data_stream()
}

/// The 1,000,000th.
async fn write_event(world: &World) {
    world
        .execute(
            "insert into event (event_id, subject_kind, subject_id, kind, payload) overriding system value
             select 1000000, 'organization', organization_id, 'application', '{}' from organization",
        )
        .await;
}

async fn order(world: &World) -> String {
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    let reply = client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    format!("/console/organizations/{}/events", reply.json()["tenant_id"].as_str().unwrap())
}

#[tokio::test]
async fn members_are_told_everything_from_where_they_were_and_strangers_nothing() {
    let world = World::new().await;
    let path = order(&world).await;
    world.run_jobs().await;
    let mut stranger = sign_in(&world, "ali@example.om").await;
    stranger.get(&path).await.expect(StatusCode::NOT_FOUND);
    world.browser().get(&path).await.expect(StatusCode::UNAUTHORIZED);

    let member = sign_in(&world, "sara@example.om").await;
    let all = read(&world, &member, &path, None, 3).await;
    assert!(all[0].contains("event: application") && all[0].contains("\"delivering\""), "{all:?}");
    assert!(all[2].contains("event: organization") && all[2].contains("\"active\""), "{all:?}");
    let first = all[0].lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    assert_eq!(read(&world, &member, &path, Some(first), 2).await, all[1..]);
    assert_eq!(read(&world, &member, &format!("{path}?after={first}"), None, 2).await, all[1..]);
}

#[tokio::test]
async fn what_happens_later_arrives_while_the_page_is_open() {
    let world = World::new().await;
    let path = order(&world).await;
    let member = sign_in(&world, "sara@example.om").await;
    let listening = world.listen().await;
    // Signing in ran the jobs; what follows is new.
    let before = read(&world, &member, &path, None, 3).await;
    let last = before[2].lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world
            .execute(
                "insert into event (subject_kind, subject_id, kind, payload)
                 select 'organization', organization_id, 'application', '{}' from organization",
            )
            .await;
    };
    let (events, ()) = tokio::join!(read(&world, &member, &path, Some(&last), 1), later);
    assert!(events[0].contains("event: application"), "{events:?}");
    listening.abort();
}

#[tokio::test]
async fn who_signs_out_is_told_nothing_more() {
    let world = World::new().await;
    let path = order(&world).await;
    let mut member = sign_in(&world, "sara@example.om").await;
    let mut stream = watch(&world, &member, &path).await;
    submit(&mut member, "/console", "/sign-out", &[]).await.expect(StatusCode::SEE_OTHER);
    write_event(&world).await;
    // The fallback's look finds the event, and that nobody may be told; the stream ends.
    let next = tokio::time::timeout(Duration::from_secs(12), stream.next()).await.unwrap();
    assert!(next.is_none(), "{next:?}");
}

#[tokio::test]
async fn of_two_who_watch_only_the_one_who_signed_out_is_told_nothing_more() {
    let world = World::new().await;
    let listening = world.listen().await;
    let path = order(&world).await;
    let mut leaves = sign_in(&world, "sara@example.om").await;
    let stays = sign_in(&world, "sara@example.om").await;
    let mut of_leaves = watch(&world, &leaves, &path).await;
    let mut of_stays = watch(&world, &stays, &path).await;
    submit(&mut leaves, "/console", "/sign-out", &[]).await.expect(StatusCode::SEE_OTHER);
    write_event(&world).await;
    let told = of_stays.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&told).contains("id: 1000000"));
    let ended = of_leaves.next().await;
    assert!(ended.is_none(), "{ended:?}");
    listening.abort();
}

#[tokio::test]
async fn a_long_past_is_told_whole() {
    let world = World::new().await;
    let path = order(&world).await;
    world
        .execute(
            "insert into event (subject_kind, subject_id, kind, payload)
             select 'organization', organization_id, 'application', '{}' from organization, generate_series(1, 450)",
        )
        .await;
    let member = sign_in(&world, "sara@example.om").await;
    let all = read(&world, &member, &path, None, 450).await;
    let ids: Vec<i64> = all
        .iter()
        .map(|event| event.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.len() >= 450, "{ids:?}");
}

#[tokio::test]
async fn an_order_has_a_stream_of_its_own_for_whoever_placed_it() {
    let world = World::new().await;
    let first = order(&world).await;
    let client = world.customer("sara@example.om").await;
    let reply = client.order("key-2", &order_for("al-fajr", None)).await.expect(StatusCode::OK);
    let path = format!("/orders/{}/events", reply.json()["order_id"].as_str().unwrap());
    world.run_jobs().await;
    let mut stranger = sign_in(&world, "ali@example.om").await;
    stranger.get(&path).await.expect(StatusCode::NOT_FOUND);
    world.browser().get(&path).await.expect(StatusCode::UNAUTHORIZED);
    let buyer = sign_in(&world, "sara@example.om").await;
    let all = read(&world, &buyer, &path, None, 2).await;
    assert!(all[0].contains("\"delivering\"") && all[1].contains("\"committed\""), "{all:?}");
    // What happened to her other order is not told here.
    let ids = |events: &[String]| -> Vec<String> {
        events
            .iter()
            .filter_map(|event| event.lines().find(|line| line.starts_with("id: ")))
            .map(str::to_owned)
            .collect()
    };
    let others = ids(&read(&world, &buyer, &first, None, 3).await);
    assert!(ids(&all).iter().all(|id| !others.contains(id)));
}
