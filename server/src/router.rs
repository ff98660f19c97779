//! Every route on one screen, each with who may use it. Pages are found by `app`, server functions and
//! REST by their own registries; a test compares those with the tables here and calls each signed out.

use axum::{
    Router,
    routing::{get, post},
};

use crate::{App, auth, development, files, forms, http as layers, live, pages, rest};

/// Who may use a route. What else a verb asks (whose order it is, say) is in its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Public,
    SignedIn,
    /// Of the Organization that the path names; to others it does not exist.
    Member,
    Admin,
    Superadmin,
}

/// What browsers use beside pages and server functions: method, path, policy.
pub const BROWSER_ROUTES: &[(&str, &str, Policy)] = &[
    ("POST", "/sign-in", Policy::Public),
    ("POST", "/sign-in/link", Policy::Public),
    ("POST", "/sign-in/code", Policy::Public),
    ("POST", "/sign-out", Policy::Public),
    ("POST", "/sign-out/everywhere", Policy::SignedIn),
    ("POST", "/preferences", Policy::Public),
    ("GET", "/console/organizations/{id}/events", Policy::Member),
];

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
    ("/do/vouchers/issue", Policy::Admin),
    ("/do/vouchers/revoke", Policy::Admin),
];

/// Which page or server function a path is, as the tables above write it.
pub fn pattern(path: &str) -> &'static str {
    if let Some((known, _)) = FUNCTIONS.iter().find(|(known, _)| *known == path) {
        return known;
    }
    let given: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let wanted: Vec<&str> = pattern.split('/').collect();
        wanted.len() == given.len()
            && wanted.iter().zip(&given).all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
    };
    PAGES.iter().map(|(pattern, _)| *pattern).find(|pattern| fits(pattern)).unwrap_or("(none)")
}

/// The whole server. Tests call it without a socket.
pub fn router(app: App) -> Router {
    let mut browsers = Router::new()
        .route("/sign-in", get(pages::show).post(auth::ask))
        .route("/sign-in/link", get(pages::show).post(auth::follow_link))
        .route("/sign-in/code", get(pages::show).post(auth::enter_code))
        .route("/sign-out", post(auth::sign_out))
        .route("/sign-out/everywhere", post(auth::sign_out_everywhere))
        .route("/preferences", post(auth::prefer))
        .route("/do/{*function}", post(forms::act).get(forms::back))
        .route("/console/organizations/{id}/events", get(live::organization))
        .fallback(pages::show);
    if app.adapters.mailbox.is_some() {
        browsers = browsers.route("/dev/mail", get(development::mailbox));
    }
    let whole = layers::for_browsers(browsers.with_state(app.clone()), &app)
        .merge(layers::for_programs(rest::router(app.clone()), &app))
        .merge(files::router(&app));
    layers::for_all(whole, &app)
}
