//! Who may use which REST route. The roles are those that the description of the API states, so that
//! the description is tested with the routes.

use axum::body::Body;
use catalyst::web::router::{Policy, REST_ROUTES};
use domain::access::{PlatformRole, Scope};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{Client, World};

/// Method, path with its parameters filled in, and the roles that it is for: `None` for everybody, no
/// roles for whoever is signed in.
struct Route {
    method: Method,
    path: String,
    roles: Option<Vec<String>>,
}

async fn routes(world: &World) -> Vec<Route> {
    let described = world.anonymous().get("/api/openapi.json").await.expect(StatusCode::OK).json();
    let mut routes = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.replace("{code}", "NEVER-1").replace("{slug}", "free-name");
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        for (method, operation) in methods.as_object().unwrap() {
            let roles = operation.get("security").map(|ways| {
                let ways = ways.as_array().unwrap();
                let of = |way: &str| ways.iter().find_map(|requirement| requirement.get(way)).cloned();
                assert_eq!(of("bearer"), of("session"), "{path}: both ways in are for the same roles");
                let roles = of("bearer").unwrap();
                roles.as_array().unwrap().iter().map(|role| role.as_str().unwrap().to_owned()).collect()
            });
            let method = method.to_uppercase().parse().unwrap();
            routes.push(Route { method, path: path.clone(), roles });
        }
    }
    routes
}

impl Route {
    /// An empty object where there is a body to send: wrong, but found out only after who sends it.
    async fn call(&self, client: &Client) -> StatusCode {
        let request = client.request(self.method.clone(), &self.path);
        let request = request.header("content-type", "application/json").header("idempotency-key", "k");
        let body = if self.method == Method::POST { Body::from("{}") } else { Body::empty() };
        client.send(request.body(body).unwrap()).await.status
    }
}

#[tokio::test]
async fn the_description_and_the_router_say_the_same_of_every_route() {
    let world = World::new().await;
    let described = world.anonymous().get("/api/openapi.json").await.expect(StatusCode::OK).json();
    let mut listed = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        listed.extend(
            methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    listed.sort_unstable();
    let mut expected: Vec<String> =
        REST_ROUTES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    for (method, path, policy) in REST_ROUTES {
        let roles = match policy {
            Policy::Public => None,
            Policy::SignedIn | Policy::Member => Some(json!([])),
            Policy::Admin => Some(json!(["superadmin", "sovereign-admin"])),
            Policy::Superadmin => Some(json!(["superadmin"])),
        };
        let described = &described["paths"][path][method.to_lowercase()]["security"][0]["bearer"];
        assert_eq!(*described, roles.unwrap_or_default(), "{method} {path}");
    }
    assert_eq!(described, serde_json::to_value(catalyst::web::rest::openapi()).unwrap());
    let schemas = described["components"]["schemas"].as_object().unwrap();
    for name in ["VoucherBody", "IssueRequest", "CheckoutRequest", "PlacedBody", "ErrorBody"] {
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn each_route_is_open_to_its_roles_and_to_nobody_else() {
    let world = World::new().await;
    let clients = [
        ("nobody", world.anonymous()),
        ("customer", world.customer("a@x.om").await),
        ("support", world.staff("help@sovereign.om", PlatformRole::Support).await),
        ("sovereign-admin", world.sovereign_admin().await),
        ("superadmin", world.superadmin().await),
    ];
    for route in routes(&world).await {
        for (role, client) in &clients {
            let status = route.call(client).await;
            let what = format!("{} {} as {role}: {status}", route.method, route.path);
            match &route.roles {
                Some(_) if *role == "nobody" => assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}"),
                Some(roles) if !roles.is_empty() && !roles.iter().any(|known| known == role) => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
                }
                _ => {
                    assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{what}");
                    assert!(!status.is_server_error(), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn money_is_for_admins_and_everybodys_orders_are_for_superadmins() {
    let world = World::new().await;
    let (sovereign, superadmin) = (world.sovereign_admin().await, world.superadmin().await);
    sovereign.get("/billing/admin/orders").await.refused(StatusCode::FORBIDDEN, "forbidden", "");
    superadmin.get("/billing/admin/orders").await.expect(StatusCode::OK);
    let customer = world.customer("a@x.om").await;
    let issue = json!({ "code": "MINE", "credit_omr": 1000 });
    customer.post("/billing/vouchers/issue", &issue).await.refused(StatusCode::FORBIDDEN, "forbidden", "");
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
}

#[tokio::test]
async fn a_token_is_good_for_its_scope_only() {
    let world = World::new().await;
    world.superadmin().await;
    let vouchers = world.with_token("root@sovereign.om", &[Scope::Vouchers]).await;
    let orders = world.with_token("root@sovereign.om", &[Scope::Orders]).await;
    for (path, allowed, refused) in [
        ("/billing/vouchers/list", &vouchers, &orders),
        ("/billing/admin/orders", &orders, &vouchers),
        ("/billing/balance", &orders, &vouchers),
    ] {
        allowed.get(path).await.expect(StatusCode::OK);
        refused.get(path).await.refused(StatusCode::FORBIDDEN, "forbidden", "");
    }
}

#[tokio::test]
async fn what_is_not_a_token_is_nobodys() {
    let world = World::new().await;
    let anybody = world.anonymous();
    for header in ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer cat_00", "Bearer \u{e9}"] {
        let request = Request::get("/billing/balance").header("authorization", header.as_bytes());
        let reply = anybody.send(request.body(Body::empty()).unwrap()).await;
        let reply = reply.refused(StatusCode::UNAUTHORIZED, "signed_out", "");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_role_that_was_taken_back_is_gone_with_the_next_request() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    admin.get("/billing/vouchers/list").await.expect(StatusCode::OK);
    world.staff("admin@sovereign.om", PlatformRole::Customer).await;
    admin.get("/billing/vouchers/list").await.refused(StatusCode::FORBIDDEN, "forbidden", "");
    world.execute("update api_token set revoked_at = now()").await;
    admin.get("/billing/vouchers/list").await.refused(StatusCode::UNAUTHORIZED, "signed_out", "");
}

#[tokio::test]
async fn refusals_of_the_router_are_told_in_the_same_form() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let other = anybody.delete("/billing/checkout").await;
    let other = other.refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "");
    assert!(other.header("allow").contains("POST"), "{:?}", other.headers);
    let form = Request::post("/billing/vouchers/redeem-preview")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("code=X"))
        .unwrap();
    anybody.send(form).await.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "");
}

#[tokio::test]
async fn what_is_somebodys_own_is_kept_by_no_cache() {
    let world = World::new().await;
    let customer = world.customer("a@x.om").await;
    for path in ["/billing/balance", "/tenant/orgs", "/billing/admin/orders"] {
        let reply = customer.get(path).await;
        assert!(reply.header("cache-control").contains("no-store"), "{path}: {:?}", reply.headers);
    }
}

/// Signs a browser in through the link of the mail, as people do.
async fn sign_in(world: &World, email: &str) -> crate::world::Browser {
    let mut browser = world.browser();
    browser.get("/sign-in").await.expect(StatusCode::OK);
    let asked = browser.post("/sign-in", &[("email", email)]).await;
    assert!(asked.status.is_redirection(), "{asked:?}");
    world.run_jobs().await;
    let mail = world.mails().into_iter().find(|mail| mail.to == email).unwrap();
    let at = mail.text.find("/sign-in/link?").unwrap_or_else(|| panic!("{}", mail.text));
    let link: String = mail.text[at..].chars().take_while(|c| !c.is_whitespace()).collect();
    let token = link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned();
    let arrived = browser.post("/sign-in/link", &[("token", &token)]).await;
    assert!(arrived.status.is_redirection(), "{arrived:?}");
    browser
}

#[tokio::test]
async fn a_browsers_session_serves_where_there_is_no_token_and_only_from_the_sites_own_pages() {
    let world = World::new().await;
    world.sovereign_admin().await;
    let mut browser = sign_in(&world, "admin@sovereign.om").await;
    browser.get("/billing/vouchers/list").await.expect(StatusCode::OK);

    let issue = json!({ "code": "FOREIGN", "credit_omr": 5 });
    let post = |browser: &crate::world::Browser, origin: Option<&str>| {
        let request = browser.request(Method::POST, "/billing/vouchers/issue");
        let request = request.header("content-type", "application/json");
        let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
        request.body(Body::from(issue.to_string())).unwrap()
    };
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let request = post(&browser, origin);
        browser.send(request).await.refused(StatusCode::FORBIDDEN, "foreign_origin", "");
    }
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
    let own = world.app.config.http.public_url.as_str().to_owned();
    let request = post(&browser, Some(&own));
    browser.send(request).await.expect(StatusCode::OK);

    // A token that names nobody is not helped out by the session beside it.
    let request = browser.request(Method::GET, "/billing/vouchers/list").header("authorization", "Bearer x");
    browser.send(request.body(Body::empty()).unwrap()).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn health_is_told_without_a_name() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz"] {
        world.anonymous().get(path).await.expect(StatusCode::OK);
    }
    let description: Value = world.anonymous().get("/api/openapi.json").await.json();
    assert_eq!(description["info"]["title"], "Catalyst");
}

#[tokio::test]
async fn a_server_whose_database_takes_no_writes_is_alive_but_not_ready() {
    let world = World::new().await;
    let read_only = "do $$ begin
        execute format('alter database %I set default_transaction_read_only = on', current_database());
        end $$";
    let new_connections = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    for step in [read_only, new_connections] {
        world.execute(step).await;
    }
    world.anonymous().get("/readyz").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    world.anonymous().get("/healthz").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_server_whose_database_does_not_answer_is_alive_but_not_ready() {
    let world = World::new().await;
    world.anonymous().get("/readyz").await.expect(StatusCode::OK);
    world.app.services.pool.close().await;
    let reply = world.anonymous().get("/readyz").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.text(), "the database does not answer\n");
    world.anonymous().get("/healthz").await.expect(StatusCode::OK);
}
