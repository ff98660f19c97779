//! A request and the jobs that follow from it are one trace, and its number is the request's.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// Begins a span in the request's trace.
pub fn begin(span: &Span, request: Uuid) {
    // What is asked for is begun, and so numbered, at once.
    REQUEST.sync_scope(request, || span.context());
}

#[derive(Debug, Default)]
pub struct TraceIds(RandomIdGenerator);

impl IdGenerator for TraceIds {
    fn new_trace_id(&self) -> TraceId {
        let request = REQUEST.try_with(|request| TraceId::from_bytes(request.into_bytes()));
        match request {
            Ok(id) if id != TraceId::INVALID => id,
            _ => self.0.new_trace_id(),
        }
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}
