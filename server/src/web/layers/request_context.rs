//! What a request says about its sender: address, language, theme, number, path.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use domain::{access::Origin, services::Services, text::Locale};
use http::header;
use ui::server::{RequestContext, Site};

use super::{client_ip, request_id::RequestId};
use crate::{config::Config, wakeups::Wakeups, web::cookies};

/// Puts `RequestContext`, `Origin`, `Arc<Services>` and `Arc<Site>` into the request.
pub async fn layer(
    State(config): State<Arc<Config>>,
    State(services): State<Arc<Services>>,
    State(site): State<Arc<Site>>,
    State(wakeups): State<Wakeups>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let ip = client_ip::find(request.extensions(), headers, &config.http.trusted_proxies);
    let locale = cookies::locale(headers).unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        accepted.map(Locale::from_accept_language).unwrap_or_default()
    });
    let origin = Origin {
        ip: client_ip::subject(ip),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0),
    };
    let context = RequestContext {
        origin: origin.clone(),
        locale,
        theme: cookies::theme(headers),
        path: request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        catalog_changes: wakeups.catalog_changes(),
    };
    let extensions = request.extensions_mut();
    extensions.insert(context);
    extensions.insert(origin);
    extensions.insert(services);
    extensions.insert(site);
    next.run(request).await
}
