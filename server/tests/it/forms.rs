//! Forms without JavaScript, and who may use which page and server function.

use catalyst::web::router::{BROWSER_ROUTES, FUNCTIONS, PAGES, Policy};
use domain::access::PlatformRole;
use http::{Method, StatusCode, header};

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, World},
};

const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";

async fn staff(world: &World, email: &str, role: PlatformRole) -> Browser {
    world.staff(email, role).await;
    sign_in(world, email).await
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_sent_and_what_is_wrong() {
    let world = World::new().await;
    let mut admin = staff(&world, "admin@sovereign.om", PlatformRole::SovereignAdmin).await;
    let fields = [("code", "welcome"), ("credit", "12.3456"), ("description", "<b>for friends</b>")];
    let reply = submit(&mut admin, "/admin/billing", "/do/vouchers/issue", &fields).await;
    let reply = reply.expect(StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["<form", "12.3456", "Use at most 3 decimals.", "&lt;b&gt;for friends"] {
        assert!(reply.text().contains(part), "{part}: {}", reply.text());
    }
    // The address is the action's now; the next try and a look at it find the page all the same.
    let reply = submit(&mut admin, "/do/vouchers/issue", "/do/vouchers/issue", &fields).await;
    assert!(reply.expect(StatusCode::UNPROCESSABLE_ENTITY).text().contains("Use at most 3 decimals."));
    let reply = admin.get("/do/vouchers/issue").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/admin/billing");

    let fields = [("code", "welcome"), ("credit", "12.345"), ("active", "on")];
    let reply = submit(&mut admin, "/do/vouchers/issue", "/do/vouchers/issue", &fields).await;
    let reply = reply.expect(StatusCode::SEE_OTHER);
    assert!(reply.header("location").starts_with("/admin/billing"), "{}", reply.header("location"));
    assert_eq!(world.number("select credit_minor from promo_code where code = 'WELCOME'").await, 12345);
}

#[tokio::test]
async fn a_form_that_cannot_be_stored_changes_nothing() {
    let world = World::new().await;
    let mut admin = staff(&world, "admin@sovereign.om", PlatformRole::SovereignAdmin).await;
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "code=A%00BC&credit=1&active=on"),
        ("application/x-www-form-urlencoded", "code=ABC&credit=1&description=%ff"),
        ("text/plain", "code=ABC&credit=1&description=%00"),
        ("application/x-www-form-urlencoded", "credit=1"),
    ] {
        for accept in ["text/html", "application/json"] {
            let request = admin
                .request(Method::POST, "/do/vouchers/issue")
                .header(header::ORIGIN, "http://127.0.0.1:3000")
                .header(header::REFERER, "http://127.0.0.1:3000/admin/billing")
                .header(header::ACCEPT, accept)
                .header(header::CONTENT_TYPE, kind);
            let reply = admin.send(request.body(body.into()).unwrap()).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{accept} {body}: {}", reply.text());
        }
    }
    let long = format!("code=ABC&credit=1&description={}", "x".repeat(70_000));
    let request = admin
        .request(Method::POST, "/do/vouchers/issue")
        .header(header::ORIGIN, "http://127.0.0.1:3000")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let reply = admin.send(request.body(long.into()).unwrap()).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
}

#[tokio::test]
async fn who_is_signed_out_signs_in_and_comes_back() {
    let world = World::new().await;
    let mut browser = world.browser();
    let reply = browser.get("/console?tab=1").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/sign-in?return_to=/console%3Ftab%3D1");
    let reply = submit(&mut browser, "/checkout", "/do/orders/place", &[("key", "k")]).await;
    assert_eq!(reply.expect(StatusCode::SEE_OTHER).header("location"), "/sign-in?return_to=/checkout");
}

#[tokio::test]
async fn every_page_and_function_has_its_policy_on_the_list() {
    let mut listed: Vec<String> = PAGES.iter().map(|(path, _)| (*path).to_owned()).collect();
    let world = World::new().await;
    let mut pages: Vec<String> =
        leptos_axum::generate_route_list(app::App).iter().map(|page| page.path().to_owned()).collect();
    drop(world);
    listed.sort_unstable();
    pages.sort_unstable();
    assert_eq!(pages, listed);
    let mut functions: Vec<_> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let mut listed: Vec<_> = FUNCTIONS.iter().map(|(path, _)| *path).collect();
    functions.sort_unstable();
    listed.sort_unstable();
    assert_eq!(functions, listed);
}

fn fill(path: &str) -> String {
    path.replace("{slug}", "wordpress").replace("{id}", NOBODYS)
}

#[tokio::test]
async fn signed_out_only_what_is_public_answers() {
    let world = World::new().await;
    for (path, policy) in PAGES {
        let mut browser = world.browser();
        let reply = browser.get(&fill(path)).await;
        let sent_to_sign_in = reply.header("location").starts_with("/sign-in?");
        assert_eq!(sent_to_sign_in, *policy != Policy::Public, "{path}: {}", reply.status);
        assert!(!reply.status.is_server_error(), "{path}");
    }
    for (path, policy) in FUNCTIONS {
        let mut browser = world.browser();
        let reply =
            submit(&mut browser, "/plans", path, &[("code", "ABC"), ("credit", "1"), ("organization", "x")])
                .await;
        let sent_to_sign_in = reply.header("location").starts_with("/sign-in?");
        assert_eq!(sent_to_sign_in, *policy != Policy::Public, "{path}: {}", reply.status);
        assert!(!reply.status.is_server_error(), "{path}: {}", reply.text());
    }
    for (method, path, policy) in BROWSER_ROUTES.iter().filter(|route| route.2 != Policy::Public) {
        let mut browser = world.browser();
        let reply = match *method {
            "POST" => submit(&mut browser, "/console", path, &[]).await,
            _ => browser.get(&fill(path)).await,
        };
        let refused =
            reply.status == StatusCode::UNAUTHORIZED || reply.header("location").starts_with("/sign-in?");
        assert!(refused, "{path} {policy:?}: {}", reply.status);
    }
}

#[tokio::test]
async fn each_role_sees_its_own_pages_and_no_others() {
    let world = World::new().await;
    let mut browsers = [
        (sign_in(&world, "sara@example.om").await, &[Policy::SignedIn][..]),
        (staff(&world, "help@sovereign.om", PlatformRole::Support).await, &[Policy::SignedIn]),
        (
            staff(&world, "admin@sovereign.om", PlatformRole::SovereignAdmin).await,
            &[Policy::SignedIn, Policy::Admin],
        ),
        (
            staff(&world, "root@sovereign.om", PlatformRole::Superadmin).await,
            &[Policy::SignedIn, Policy::Admin, Policy::Superadmin],
        ),
    ];
    for (browser, allowed) in &mut browsers {
        for (path, policy) in PAGES.iter().filter(|page| page.1 != Policy::Public) {
            let status = browser.get(&fill(path)).await.status;
            assert_eq!(status != StatusCode::FORBIDDEN, allowed.contains(policy), "{path}: {status}");
            assert!(!status.is_server_error(), "{path}");
        }
        for (path, policy) in FUNCTIONS.iter().filter(|function| function.1 == Policy::Admin) {
            let status = submit(browser, "/", path, &[("code", "ABC"), ("credit", "x")]).await.status;
            assert_eq!(status != StatusCode::FORBIDDEN, allowed.contains(policy), "{path}: {status}");
        }
    }
}
