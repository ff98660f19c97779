//! REST: the same verbs as the pages, for programs. One file a noun; `routes!` takes path, method, roles
//! and shapes of each from the handler's own attribute, so that the router and `/api/openapi.json` are
//! one thing. A handler is: who, what, verb, answer.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    routing::get,
};
use domain::services::Services;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use self::error::Failure;
use super::encoding::BODY_MAX;

mod balance;
mod body;
mod caller;
mod catalog;
mod checkout;
pub(crate) mod error;
pub(crate) mod health;
mod money;
mod orders;
mod organizations;
mod paging;
mod vouchers;

type Answer<T> = Result<Json<T>, Failure>;

/// Every REST route; `web/router.rs` puts the layers around them.
pub fn router(services: Arc<Services>) -> Router {
    let (router, description) = routes().split_for_parts();
    let description = describe(description);
    router
        .route("/api/openapi.json", get(|| async move { Json(description) }))
        .method_not_allowed_fallback(|| async {
            Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path knows other methods",
            )
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .with_state(services)
}

/// What `/api/openapi.json` answers.
pub fn openapi() -> OpenApi {
    describe(routes().into_openapi())
}

fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .merge(vouchers::routes())
        .merge(checkout::routes())
        .merge(balance::routes())
        .merge(orders::routes())
        .merge(organizations::routes())
        .merge(catalog::routes())
        .merge(health::routes())
}

/// Adds what belongs to no route. The roles in a route's security requirement are those that it is for;
/// none: whoever is signed in.
fn describe(mut routes: OpenApi) -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API token: `catalyst token create EMAIL`."))
        .build();
    let session = ApiKey::Cookie(ApiKeyValue::with_description(
        "__Host-catalyst",
        "The browser's session. What changes something must come from the site's own origin.",
    ));
    let components = routes.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    let info = InfoBuilder::new().title("Catalyst").version(env!("CARGO_PKG_VERSION")).build();
    OpenApiBuilder::from(routes).info(info).build()
}
