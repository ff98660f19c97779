//! Events for whoever listens outside, on a real NATS server with JetStream.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use async_nats::jetstream::{self, stream::Stream};
use http::StatusCode;
use serde_json::Value;
use tokio::time::sleep;

use crate::world::{World, order_for};

struct Nats(Child);

impl Nats {
    async fn start(port: u16, folder: &Path) -> Self {
        let child = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--jetstream", "--port", &port.to_string(), "--store_dir"])
            .arg(folder)
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
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
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
}
