//! Events for whoever listens outside, on a real NATS server with JetStream.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use adapters::events::EventStream;
use async_nats::jetstream::{self, stream::Stream};
use domain::jobs;
use http::StatusCode;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use crate::world::{World, order_for};

struct Nats(Child);

impl Nats {
    async fn start(port: u16, folder: &Path) -> Self {
        Self::with(port, folder, &[]).await
    }

    async fn with(port: u16, folder: &Path, arguments: &[&str]) -> Self {
        let child = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--jetstream", "--port", &port.to_string(), "--store_dir"])
            .arg(folder)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is missing. Install it with: scripts/setup test");
        let server = Self(child);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("nats-server does not answer");
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

async fn stream(url: &str) -> Stream {
    let client = async_nats::connect(url).await.unwrap();
    jetstream::new(client).get_stream("CATALYST").await.unwrap()
}

async fn messages(url: &str) -> u64 {
    stream(url).await.get_info().await.unwrap().state.messages
}

async fn again(world: &World) {
    world.execute("update job set state = 'queued', run_after = now() where kind = 'publish_event'").await;
    world.run_jobs().await;
}

#[tokio::test]
async fn an_order_is_told_once_however_often_its_job_runs() {
    let [port] = ports();
    let url = format!("nats://127.0.0.1:{port}");
    let world = World::with(&[("CATALYST_NATS_URL", &url)]).await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let placed =
        customer.order("al-noor", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    let order = &placed.json()["order_id"];

    // Nobody listens: the order is delivered all the same, and the event waits.
    world.run_jobs().await;
    assert_eq!(world.number("select count(*) from organization where state = 'active'").await, 1);
    let waiting =
        "select count(*) from job where kind = 'publish_event' and state = 'queued' and attempts = 1";
    assert_eq!(world.number(waiting).await, 1);

    let nats = Nats::start(port, &world.app.config.data_dir.join("nats")).await;
    again(&world).await;
    let message = stream(&url).await.get_raw_message(1).await.unwrap();
    assert_eq!(message.subject.as_str(), "catalyst.order.placed");
    let event: Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(event["order_id"], *order);

    again(&world).await;
    assert_eq!(messages(&url).await, 1, "the same event is told twice");

    // The server comes back as it was, and the connection with it.
    drop(nats);
    let _nats = Nats::start(port, &world.app.config.data_dir.join("nats")).await;
    customer.order("al-fajr", &order_for("al-fajr", None)).await.expect(StatusCode::OK);
    for _ in 0..50 {
        again(&world).await;
        if messages(&url).await == 2 {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(messages(&url).await, 2);

    // The disk is lost; what is told from now on is kept again.
    let client = async_nats::connect(&url).await.unwrap();
    jetstream::new(client).delete_stream("CATALYST").await.unwrap();
    customer.order("al-badr", &order_for("al-badr", None)).await.expect(StatusCode::OK);
    world.run_jobs().await;
    assert_eq!(messages(&url).await, 1);
}

#[tokio::test]
async fn an_event_that_a_worker_without_nats_dispatched_is_told_by_one_with_it() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    customer.order("al-noor", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    let queued = "select count(*) from job where kind = 'publish_event'";
    assert_eq!(world.number(queued).await, 0);

    let mut conn = world.app.services.pool.acquire().await.unwrap();
    assert_eq!(jobs::dispatch(&mut conn, true).await, Ok(1));
    assert_eq!(jobs::dispatch(&mut conn, true).await, Ok(0));
    drop(conn);
    assert_eq!(world.number(queued).await, 1);
    world.execute("update job set state = 'done' where kind = 'publish_event'").await;
}

#[tokio::test]
async fn an_event_of_a_newer_program_is_left_to_it() {
    let mut world = World::new().await;
    world
        .execute(
            r#"insert into outbox_event (outbox_event_id, topic, payload, created_at)
             values (gen_random_uuid(), 'sovereign.made', '{"topic": "sovereign_made"}', now() - interval '1 hour'),
                    (gen_random_uuid(), 'order.placed', '{"topic": "order_placed", "id": 1}', now() - interval '1 hour')"#,
        )
        .await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    customer.order("al-noor", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    assert_eq!(world.number("select count(*) from organization where state = 'active'").await, 1);
    assert_eq!(world.number("select count(*) from outbox_event where dispatched_at is null").await, 2);
    world.abandon_jobs();
}

/// Tells an event over and over until it is taken: servers that have just met choose a leader first.
async fn tell(stream: &EventStream) {
    for _ in 0..200 {
        if stream.publish(Uuid::now_v7(), "order.placed", Vec::new()).await.is_ok() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody takes the event");
}

#[tokio::test]
async fn the_stream_has_as_many_copies_as_the_settings_say_also_if_it_was_there_before() {
    let folder = std::env::temp_dir().join(format!("catalyst-nats-{}", Uuid::now_v7()));
    let (clients, members) = (ports::<3>(), ports::<3>());
    let routes = members.map(|port| format!("nats://127.0.0.1:{port}"));
    let mut servers = Vec::new();
    for (client, own) in clients.iter().zip(&routes) {
        let name = client.to_string();
        let (cluster, others) = (["--cluster", own, "--cluster_name", "test"], routes.join(","));
        let arguments = [&cluster[..], &["--server_name", &name, "--routes", &others]].concat();
        servers.push(Nats::with(*client, &folder.join(&name), &arguments).await);
    }
    let url = format!("nats://127.0.0.1:{}", clients[0]);
    for replicas in [1, 3] {
        let text = replicas.to_string();
        let world = World::with(&[("CATALYST_NATS_URL", &url), ("CATALYST_NATS_REPLICAS", &text)]).await;
        tell(world.app.adapters.events.as_ref().unwrap()).await;
        assert_eq!(stream(&url).await.get_info().await.unwrap().config.num_replicas, replicas);
    }
    drop(servers);
    fs::remove_dir_all(&folder).ok();
}
