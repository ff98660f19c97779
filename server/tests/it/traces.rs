//! What a collector of traces is told.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{program::Program, world::World};

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

async fn take(State(received): State<Received>, body: Bytes) {
    received.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
}

/// A collector at an address of its own.
async fn collector() -> (String, Received) {
    let received = Received::default();
    let routes = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    (address, received)
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_reaches_the_collector_under_its_number_and_without_its_query() {
    let world = World::new().await;
    let (address, received) = collector().await;
    let program = Program::start(&world, &[("CATALYST_OTLP_ENDPOINT", &address)]).await;
    let number = Uuid::now_v7().to_string();
    let asked = reqwest::Client::new()
        .get(format!("{}/sign-in/link?token=secret-of-a-link", program.url))
        .header("x-request-id", &number);
    asked.send().await.unwrap();
    program.end().await;

    let received = received.lock().unwrap();
    let resources: Vec<_> = received.iter().flat_map(|sent| &sent.resource_spans).collect();
    assert!(!resources.is_empty(), "the last spans are sent at the end");
    for resource in &resources {
        let about = resource.resource.as_ref().unwrap();
        assert_eq!(text(&about.attributes, "service.name"), Some("catalyst"));
    }
    let spans: Vec<&Span> =
        resources.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans).collect();
    let request = spans.iter().find(|span| text(&span.attributes, "id") == Some(&number)).expect("a span");
    assert_eq!(request.name, "GET /sign-in/link");
    assert_eq!(request.kind, 2, "a server's");
    assert_eq!(text(&request.attributes, "path"), Some("/sign-in/link"));
    assert!(!format!("{received:?}").contains("secret-of-a-link"));
}
