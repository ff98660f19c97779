//! Every route on one screen, each with who may use it, and the layers around them. REST's handlers say the same in
//! their descriptions; a test compares those with the table here, and calls every route signed out.

use std::time::Duration;

use anyhow::Result;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodRouter, get, post},
};
use http::StatusCode;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};

use super::{
    browser::{event_stream, files, forms, mailbox, pages, sign_in},
    encoding::BODY_MAX,
    layers::{
        announce, headers, input, metrics, origin, panic, patience, request_context, request_id, session,
    },
    rest,
    state::WebState,
};
use crate::app::App;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Who may use a route. What else a verb asks (whose order it is, say) is in its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Public,
    SignedIn,
    /// Of the Organization that the path or the body names; to others it does not exist.
    Member,
    Admin,
    Superadmin,
}

/// Pages, as `app::surfaces` has them.
pub const PAGES: &[(&str, Policy)] = &[
    ("/", Policy::Public),
    ("/plans", Policy::Public),
    ("/apps", Policy::Public),
    ("/apps/{slug}", Policy::Public),
    ("/addons", Policy::Public),
    ("/review", Policy::Public),
    ("/checkout", Policy::Public),
    ("/redeem", Policy::Public),
    ("/orders/{id}", Policy::SignedIn),
    ("/sign-in", Policy::Public),
    ("/sign-in/code", Policy::Public),
    ("/sign-in/link", Policy::Public),
    ("/console", Policy::SignedIn),
    ("/admin", Policy::Admin),
    ("/admin/billing", Policy::Admin),
    ("/admin/revenue", Policy::Superadmin),
    ("/admin/catalog", Policy::Superadmin),
    ("/admin/tenants", Policy::Superadmin),
    ("/admin/orders", Policy::Superadmin),
];

/// Server functions: what forms and islands post.
pub const FUNCTIONS: &[(&str, Policy)] = &[
    ("/do/cart/plan", Policy::Public),
    ("/do/cart/apps/add", Policy::Public),
    ("/do/cart/apps/remove", Policy::Public),
    ("/do/cart/apps/clear", Policy::Public),
    ("/do/cart/template", Policy::Public),
    ("/do/cart/organization", Policy::Public),
    ("/do/cart/voucher", Policy::Public),
    ("/do/orders/place", Policy::SignedIn),
    ("/do/organizations/retry", Policy::Member),
    ("/do/admin/organizations/retry", Policy::Superadmin),
    ("/do/vouchers/issue", Policy::Admin),
    ("/do/vouchers/revoke", Policy::Admin),
];

/// What browsers use beside pages and server functions.
pub const BROWSER_ROUTES: &[(&str, &str, Policy)] = &[
    ("POST", "/sign-in", Policy::Public),
    ("POST", "/sign-in/link", Policy::Public),
    ("POST", "/sign-in/code", Policy::Public),
    ("POST", "/sign-out", Policy::Public),
    ("POST", "/sign-out/everywhere", Policy::SignedIn),
    ("POST", "/preferences", Policy::Public),
    ("GET", "/console/organizations/{id}/events", Policy::Member),
    ("GET", "/orders/{id}/events", Policy::SignedIn),
];

/// REST, as its handlers describe it. A token has its scope besides.
pub const REST_ROUTES: &[(&str, &str, Policy)] = &[
    ("POST", "/billing/vouchers/issue", Policy::Admin),
    ("GET", "/billing/vouchers/list", Policy::Admin),
    ("DELETE", "/billing/vouchers/revoke/{code}", Policy::Admin),
    ("POST", "/billing/vouchers/redeem-preview", Policy::Public),
    ("GET", "/billing/admin/promos", Policy::Admin),
    ("POST", "/billing/admin/promos", Policy::Admin),
    ("DELETE", "/billing/admin/promos/{code}", Policy::Admin),
    ("POST", "/billing/checkout", Policy::SignedIn),
    ("GET", "/billing/balance", Policy::SignedIn),
    ("GET", "/billing/admin/orders", Policy::Superadmin),
    ("GET", "/tenant/orgs", Policy::SignedIn),
    ("GET", "/tenant/orgs/{id}", Policy::SignedIn),
    ("GET", "/tenant/check-slug/{slug}", Policy::Public),
    ("GET", "/catalog/plans", Policy::Public),
    ("GET", "/catalog/apps", Policy::Public),
    ("GET", "/catalog/addons", Policy::Public),
    ("GET", "/catalog/bundles", Policy::Public),
    ("GET", "/catalog/industries", Policy::Public),
    ("GET", "/healthz", Policy::Public),
    ("GET", "/readyz", Policy::Public),
];

/// The whole server. Tests call it without a socket.
pub fn router(app: &App) -> Result<Router> {
    let state = WebState::new(app)?;
    let whole = for_browsers(browser_routes(&state), &state)
        .merge(for_programs(rest::router(state.services.clone()), &state))
        .merge(files::router(&app.config.http.site_root));
    Ok(for_all(whole, &state))
}

fn browser_routes(state: &WebState) -> Router {
    let mut routes = Router::new();
    for (path, _) in PAGES {
        routes = routes.route(path, page(path));
    }
    for (path, _) in FUNCTIONS {
        routes = routes.route(path, post(forms::act).get(forms::back));
    }
    routes = routes
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-out/everywhere", post(sign_in::sign_out_everywhere))
        .route("/preferences", post(sign_in::prefer))
        .route("/console/organizations/{id}/events", get(event_stream::organization))
        .route("/orders/{id}/events", get(event_stream::order))
        .route("/do/{*unknown}", post(forms::act).get(forms::back))
        .fallback(pages::show);
    if state.mailbox.is_some() {
        routes = routes.route("/dev/mail", get(mailbox::show));
    }
    routes.with_state(state.clone())
}

/// A page, and what its form posts to the page's own address.
fn page(path: &str) -> MethodRouter<WebState> {
    let page = get(pages::show);
    match path {
        "/sign-in" => page.post(sign_in::ask),
        "/sign-in/link" => page.post(sign_in::follow_link),
        "/sign-in/code" => page.post(sign_in::enter_code),
        _ => page,
    }
}

/// Around pages, forms and live streams. The first line is the outermost.
fn for_browsers(router: Router, state: &WebState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), origin::layer))
        .layer(from_fn_with_state(state.clone(), session::layer));
    router.layer(layers)
}

/// Around REST, which takes a bearer token or the browser's session. The first line is the outermost.
fn for_programs(router: Router, state: &WebState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), origin::rest_layer))
        .layer(from_fn_with_state(state.clone(), session::layer));
    router.layer(layers)
}

/// Around everything, as one layer: a request clones all that is below each layer of a router. The first line is the
/// outermost.
fn for_all(router: Router, state: &WebState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn(request_id::layer))
        .layer(from_fn_with_state(state.clone(), metrics::layer))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), headers::layer))
        .layer(from_fn(input::layer))
        .layer(from_fn_with_state(state.clone(), request_context::layer))
        .layer(from_fn_with_state(state.clone(), announce::layer))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(from_fn(patience::layer))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    router.layer(layers)
}
