//! Sessions: when they begin and end, and whose requests they speak for.

use http::{Method, StatusCode, header};

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, World},
};

fn id_of(browser: &Browser) -> String {
    let found = browser.cookies().iter().find(|(name, _)| name == "catalyst");
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Whether a session id by itself still opens something.
async fn opens(world: &World, id: &str) -> bool {
    let client = world.anonymous();
    let request =
        client.request(Method::GET, "/billing/balance").header(header::COOKIE, format!("catalyst={id}"));
    client.send(request.body("".into()).unwrap()).await.status == StatusCode::OK
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/billing/balance").await.status == StatusCode::OK
}

#[tokio::test]
async fn signing_in_changes_the_session_and_the_old_one_is_gone() {
    let world = World::new().await;
    let mut browser = world.browser();
    submit(&mut browser, "/sign-in", "/sign-in", &[("email", "sara@example.om")]).await;
    let before = id_of(&browser);
    world.run_jobs().await;
    let text = world.mails()[0].text.clone();
    let token = text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    submit(&mut browser, "/sign-in", "/sign-in/link", &[("token", &token)])
        .await
        .expect(StatusCode::SEE_OTHER);
    assert_ne!(before, id_of(&browser));
    assert!(is_signed_in(&mut browser).await && !opens(&world, &before).await);
    assert_eq!(world.number("select count(*) from session").await, 1);
}

#[tokio::test]
async fn a_visitor_who_only_looks_has_no_session() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.get("/").await.expect(StatusCode::OK);
    browser.get("/sign-in").await.expect(StatusCode::OK);
    assert!(browser.cookies().is_empty());
    assert_eq!(world.number("select count(*) from session").await, 0);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_too() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    let id = id_of(&browser);
    assert!(opens(&world, &id).await);
    let reply = submit(&mut browser, "/console", "/sign-out", &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/");
    assert!(browser.cookies().is_empty(), "the browser forgets it");
    assert!(!opens(&world, &id).await);
    assert_eq!(world.number("select count(*) from session").await, 0);
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_others_and_nobody_elses() {
    let world = World::new().await;
    let (mut one, mut two) =
        (sign_in(&world, "sara@example.om").await, sign_in(&world, "sara@example.om").await);
    let mut other = sign_in(&world, "ali@example.om").await;
    submit(&mut one, "/console", "/sign-out/everywhere", &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(!is_signed_in(&mut one).await && !is_signed_in(&mut two).await);
    assert!(is_signed_in(&mut other).await);
}

#[tokio::test]
async fn sessions_end_by_age_and_by_rest_and_staffs_sooner() {
    let world = World::new().await;
    world.sovereign_admin().await;
    for (email, idle, age) in
        [("sara@example.om", "7 days", "30 days"), ("admin@sovereign.om", "1 hour", "12 hours")]
    {
        for (column, time) in [("seen_at", idle), ("created_at", age)] {
            let mut browser = sign_in(&world, email).await;
            let newest = "session_hash = (select session_hash from session order by created_at desc limit 1)";
            let shift = |than: &str| {
                format!("update session set {column} = now() - interval '{time}' {than} where {newest}")
            };
            world.execute(&shift("+ interval '1 minute'")).await;
            assert!(is_signed_in(&mut browser).await, "{email} {column}");
            world.execute(&shift("- interval '1 minute'")).await;
            assert!(!is_signed_in(&mut browser).await, "{email} {column}");
            world.execute("delete from session").await;
        }
    }
}

#[tokio::test]
async fn use_is_noted_once_a_minute_and_nothing_else_is_written() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    let young = "select count(*) from session where seen_at > now() - interval '30 seconds'";
    for path in ["/billing/balance", "/apps", "/console"] {
        browser.get(path).await;
        world.execute("update session set seen_at = now() - interval '50 seconds'").await;
        browser.get(path).await.expect(StatusCode::OK);
        assert_eq!(world.number(young).await, 0, "{path}");
        world.execute("update session set seen_at = now() - interval '70 seconds'").await;
        browser.get(path).await;
        assert_eq!(world.number(young).await, 1, "{path}");
    }
}

#[tokio::test]
async fn a_post_from_another_site_is_refused() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    for (action, origin) in [
        ("/sign-out", Some("https://evil.example")),
        ("/sign-out", Some("null")),
        ("/sign-out", None),
        ("/preferences", Some("http://127.0.0.1.evil.example")),
        ("/billing/checkout", Some("https://evil.example")),
    ] {
        let mut request = browser.request(Method::POST, action).header(header::CONTENT_TYPE, "text/plain");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let reply = browser.send(request.body("{}".into()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{action} {origin:?}");
    }
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn behind_https_the_cookie_belongs_to_the_host_alone() {
    let world = World::with(&[
        ("CATALYST_PUBLIC_URL", "https://shop.example.om"),
        ("CATALYST_SMTP_URL", "smtp://127.0.0.1:9"),
    ])
    .await;
    let browser = world.browser();
    let request = browser
        .request(Method::POST, "/sign-in")
        .header(header::ORIGIN, "https://shop.example.om")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let mut browser = browser;
    let reply = browser.send(request.body("email=sara%40example.om".into()).unwrap()).await;
    let cookie = reply.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-catalyst=")
            && cookie.ends_with("; Path=/; Max-Age=2592000; SameSite=Lax; HttpOnly; Secure"),
        "{cookie}"
    );
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000");
    let mut world = world;
    world.abandon_jobs();
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/").await.expect(StatusCode::OK);
    let policy = page.header("content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.text().contains(&format!("nonce=\"{nonce}\"")), "scripts carry the nonce of the policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "'wasm-unsafe-eval'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains("http")
    );
    assert_ne!(
        policy,
        browser.get("/").await.header("content-security-policy"),
        "each answer has its own nonce"
    );
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("x-request-id").len(), 36);
    let mut signed_in = sign_in(&world, "sara@example.om").await;
    assert_eq!(signed_in.get("/").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn addresses_that_are_not_text_are_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    for path in ["/plans/%00", "/%ff", "/plans?x=%00", "/plans?x=%c3%28"] {
        browser.get(path).await.expect(StatusCode::BAD_REQUEST);
    }
    browser.get("/there/is/nothing/here").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn language_and_theme_are_the_browsers() {
    let world = World::new().await;
    let mut browser = world.browser();
    let fields = [("lang", "ar"), ("theme", "dark"), ("return_to", "/plans?x=1")];
    let reply = submit(&mut browser, "/", "/preferences", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/plans?x=1");
    let page = browser.get("/").await.expect(StatusCode::OK);
    for part in ["lang=\"ar\"", "dir=\"rtl\"", "data-theme=\"dark\""] {
        assert!(page.text().contains(part), "{part}");
    }
    submit(&mut browser, "/", "/preferences", &[("theme", "system")]).await.expect(StatusCode::SEE_OTHER);
    assert!(!browser.get("/").await.text().contains("data-theme"));
    submit(&mut browser, "/", "/preferences", &[("lang", "xx")])
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
}

/// Two requests of one browser, both of which read its session before either writes it.
async fn at_once(
    world: &World,
    browser: &Browser,
    first: (&str, &str, &[(&str, &str)]),
    second: (&str, &str, &[(&str, &str)]),
) {
    let mut blocker = world.owner.begin().await.unwrap();
    sqlx::query("lock table cart in share mode").execute(&mut *blocker).await.unwrap();
    let waiting = "select count(*) from pg_locks where relation = 'cart'::regclass and not granted";
    let (mut one, mut two) = (browser.again(), browser.again());
    let writes_first = async {
        submit(&mut one, first.0, first.1, first.2).await.expect(StatusCode::SEE_OTHER);
    };
    let then = async {
        while world.number(waiting).await < 1 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let other = submit(&mut two, second.0, second.1, second.2);
        let release = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            blocker.rollback().await.unwrap();
        };
        let (reply, ()) = tokio::join!(other, release);
        reply.expect(StatusCode::SEE_OTHER);
    };
    tokio::join!(writes_first, then);
}

/// A browser with a session that holds nothing but the address of a first try to sign in.
async fn visitor(world: &World) -> Browser {
    let mut browser = world.browser();
    submit(&mut browser, "/sign-in", "/sign-in", &[("email", "first@example.om")]).await;
    browser
}

#[tokio::test]
async fn two_requests_at_once_keep_both_their_changes() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    let mut browser = visitor(&world).await;
    let plan = ("/plans", "/do/cart/plan", &[("plan", "s")][..]);
    at_once(&world, &browser, plan, ("/sign-in", "/sign-in", &[("email", "second@example.om")])).await;
    // Neither took back what the other had written.
    let page = browser.get("/sign-in/code").await.expect(StatusCode::OK);
    assert!(page.text().contains("second@example.om") && !page.text().contains("first@example.om"));
    assert_eq!(
        world.number("select count(*) from session join cart using (cart_id) where plan = 's'").await,
        1
    );
    world.abandon_jobs();
}

#[tokio::test]
async fn two_requests_that_begin_a_cart_at_once_fill_the_same() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    let browser = visitor(&world).await;
    let plan = ("/plans", "/do/cart/plan", &[("plan", "s")][..]);
    at_once(&world, &browser, plan, ("/apps", "/do/cart/apps/add", &[("app", "ghost")])).await;
    let both = "select count(*) from session join cart using (cart_id) where plan = 's' and apps = '{ghost}'";
    assert_eq!(world.number(both).await, 1);
    assert_eq!(world.number("select count(*) from cart").await, 1);
    world.abandon_jobs();
}

#[tokio::test]
async fn who_and_since_when_and_the_cart_stand_in_columns() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    submit(&mut browser, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
    let row = "select count(*) from session join account using (account_id) join cart using (cart_id)
        where email = 'sara@example.om' and signed_in_at between now() - interval '1 minute' and now()
            and not data ?| array['account', 'signed_in_at', 'cart']";
    assert_eq!(world.number(row).await, 1);
}

#[tokio::test]
async fn a_session_that_ended_while_its_request_was_answered_is_not_given_back() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    let mut browser = visitor(&world).await;
    assert!(!id_of(&browser).is_empty());
    let mut blocker = world.owner.begin().await.unwrap();
    sqlx::query("lock table cart in share mode").execute(&mut *blocker).await.unwrap();
    let ends = async {
        let waiting = "select count(*) from pg_locks where relation = 'cart'::regclass and not granted";
        while world.number(waiting).await < 1 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.execute("delete from session").await;
        blocker.rollback().await.unwrap();
    };
    tokio::join!(submit(&mut browser, "/plans", "/do/cart/plan", &[("plan", "s")]), ends);
    assert_eq!(id_of(&browser), "");
    world.abandon_jobs();
}

#[tokio::test]
async fn a_session_that_cannot_be_read_is_kept_for_later() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    let id = id_of(&browser);
    world.execute("alter table session rename to away").await;
    for path in ["/", "/console", "/billing/balance"] {
        let reply = browser.get(path).await.expect(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(reply.header("retry-after"), "1", "{path}");
    }
    assert_eq!(id_of(&browser), id);
    world.execute("alter table away rename to session").await;
    assert!(is_signed_in(&mut browser).await);
}
