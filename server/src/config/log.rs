//! What is written to the log, and how; and where traces go.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result};
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};
use url::Url;

use super::reader::{Reader, Variable, variable};
use crate::traces::TraceIds;

const LOG: Variable = variable(
    "CATALYST_LOG",
    "levels: error, warn, info, debug or trace, alone or a module",
    "info,sqlx=warn",
);
const LOG_FORMAT: Variable = variable("CATALYST_LOG_FORMAT", "text or json", "json");
const OTLP_ENDPOINT: Variable = variable(
    "CATALYST_OTLP_ENDPOINT",
    "the http address of an OpenTelemetry collector that takes OTLP over HTTP",
    "http://otel-collector.observability:4318",
);

#[derive(Clone, Debug)]
pub struct Log {
    pub levels: String,
    pub json: bool,
    /// Where requests and jobs are sent as spans.
    pub otlp_endpoint: Option<Url>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Log {
    Log {
        levels: reader
            .or(LOG, LOG.example.to_owned(), |text| EnvFilter::try_new(text).ok().map(|_| text.to_owned())),
        json: reader.or(LOG_FORMAT, false, |text| match text {
            "json" => Some(true),
            "text" => Some(false),
            _ => None,
        }),
        otlp_endpoint: reader.maybe(OTLP_ENDPOINT, |text| {
            Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host())
        }),
    }
}

/// What was begun; the spans that wait are sent when it is dropped.
#[must_use]
pub struct Begun(Option<SdkTracerProvider>);

impl Log {
    /// Logs go to stderr: stdout is for what a command answers. Once a process.
    pub fn begin(&self) -> Result<Begun> {
        let filter = EnvFilter::try_new(&self.levels).unwrap_or_default();
        let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
        let lines = if self.json { lines.json().boxed() } else { lines.boxed() };
        let provider = self.otlp_endpoint.as_ref().map(spans_to).transpose()?;
        let spans = provider
            .as_ref()
            .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("catalyst")));
        if tracing_subscriber::registry().with(lines).with(spans).with(filter).try_init().is_err() {
            tracing::debug!("the log was begun before");
        }
        Ok(Begun(provider))
    }
}

fn spans_to(collector: &Url) -> Result<SdkTracerProvider> {
    let address = collector.join("v1/traces")?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(address)
        .build()
        .with_context(|| format!("{}={collector} cannot be used", OTLP_ENDPOINT.name))?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("catalyst").with_attribute(version).build();
    let provider =
        SdkTracerProvider::builder().with_resource(resource).with_id_generator(TraceIds::default());
    Ok(provider.with_batch_exporter(exporter).build())
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
            eprintln!("the last spans were not sent: {error}");
        }
    }
}
