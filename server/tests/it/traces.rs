//! What a collector of traces is told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use domain::{access::Operator, identity::ops::create_api_token, text::Email};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    program::Program,
    world::{World, order_for},
};

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

fn spans(received: &[ExportTraceServiceRequest]) -> Vec<&Span> {
    let resources = received.iter().flat_map(|sent| &sent.resource_spans);
    resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans).collect()
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
    let invented = reqwest::Client::new().request("INVENTED".parse().unwrap(), &program.url);
    invented.send().await.unwrap();
    program.end().await;

    let received = received.lock().unwrap();
    let resources: Vec<_> = received.iter().flat_map(|sent| &sent.resource_spans).collect();
    assert!(!resources.is_empty(), "the last spans are sent at the end");
    for resource in &resources {
        let about = resource.resource.as_ref().unwrap();
        assert_eq!(text(&about.attributes, "service.name"), Some("catalyst"));
    }
    let spans = spans(&received);
    assert!(!format!("{received:?}").contains("INVENTED"), "methods that anybody can invent");
    let request = spans.iter().find(|span| text(&span.attributes, "id") == Some(&number)).expect("a span");
    assert_eq!(request.name, "GET /sign-in/link");
    assert_eq!(request.kind, 2, "a server's");
    assert_eq!(text(&request.attributes, "path"), Some("/sign-in/link"));
    assert!(!format!("{received:?}").contains("secret-of-a-link"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_and_its_jobs_are_one_trace_under_the_requests_number() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let token = create_api_token(
        &Operator::at_the_command_line(),
        &mut conn,
        &Email::parse("sara@example.om").unwrap(),
        &[],
    )
    .await
    .unwrap();
    drop(conn);
    let (address, received) = collector().await;
    let program = Program::start(&world, &[("CATALYST_OTLP_ENDPOINT", &address)]).await;
    let number = Uuid::now_v7();
    let order = reqwest::Client::new()
        .post(format!("{}/billing/checkout", program.url))
        .bearer_auth(token)
        .header("idempotency-key", "k")
        .header("x-request-id", number.to_string())
        .json(&order_for("al-noor", Some("WELCOME")));
    assert!(order.send().await.unwrap().status().is_success());
    let done = async {
        while world.number("select count(*) from job where state = 'done'").await < 2 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), done).await.expect("the jobs are done");
    program.end().await;

    let received = received.lock().unwrap();
    let trace = spans(&received).into_iter().filter(|span| span.trace_id == number.as_bytes());
    let mut told: Vec<(&str, i32, Option<&str>)> = trace
        .filter(|span| span.parent_span_id.is_empty())
        .map(|span| {
            let request = ["id", "request"].map(|name| text(&span.attributes, name));
            (span.name.as_str(), span.kind, if span.kind == 2 { request[0] } else { request[1] })
        })
        .collect();
    told.sort_unstable();
    let number = number.to_string();
    let number = Some(number.as_str());
    let (server, consumer) = (2, 5);
    assert_eq!(
        told,
        [
            ("POST /billing/checkout", server, number),
            ("deliver_order", consumer, number),
            ("order_mail", consumer, number),
        ]
    );
}
