//! Signing in: link, code, limits, and what a session is worth.

use http::{Method, StatusCode, header};

use crate::world::{Browser, Reply, World};

/// A form as a browser sends it from `page`.
pub async fn submit(browser: &mut Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
    let form = serde_urlencoded::to_string(fields).unwrap();
    let request = browser
        .request(Method::POST, action)
        .header(header::ORIGIN, "http://127.0.0.1:3000")
        .header(header::REFERER, format!("http://127.0.0.1:3000{page}"))
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(request.body(form.into()).unwrap()).await
}

/// The secrets of a mail.
pub struct Secrets {
    pub token: String,
    pub code: String,
}

/// The token of the link in a mail.
pub fn token_in(mail: &str) -> Option<&str> {
    mail.split("/sign-in/link?token=").nth(1)?.split_whitespace().next()
}

pub async fn ask(world: &World, browser: &mut Browser, email: &str) -> Secrets {
    let fields = [("email", email), ("return_to", "/console")];
    let reply = submit(browser, "/sign-in", "/sign-in", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/sign-in/code");
    world.run_jobs().await;
    let mails = world.mails();
    let mail = mails.iter().find(|mail| mail.to == email && mail.text.contains("token=")).expect("a mail");
    let text = &mail.text;
    let code = text.lines().find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()));
    Secrets { token: token_in(text).expect("a link").to_owned(), code: code.expect("a code").to_owned() }
}

pub async fn follow(browser: &mut Browser, token: &str) -> Reply {
    let page = format!("/sign-in/link?token={token}");
    submit(browser, &page, "/sign-in/link", &[("token", token)]).await
}

pub async fn enter(browser: &mut Browser, email: &str, code: &str) -> Reply {
    submit(browser, "/sign-in/code", "/sign-in/code", &[("email", email), ("code", code)]).await
}

/// Signs in by link and gives the browser.
pub async fn sign_in(world: &World, email: &str) -> Browser {
    let mut browser = world.browser();
    let secrets = ask(world, &mut browser, email).await;
    follow(&mut browser, &secrets.token).await.expect(StatusCode::SEE_OTHER);
    browser
}

pub fn session_of(browser: &Browser) -> String {
    let found = browser.cookies().iter().find(|(name, _)| name == "catalyst");
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_link_signs_in_and_leads_on() {
    let world = World::new().await;
    let mut browser = world.browser();
    let secrets = ask(&world, &mut browser, "sara@example.om").await;
    let reply = follow(&mut browser, &secrets.token).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/console");
    assert_eq!(world.number("select count(*) from session join account using (account_id)").await, 1);
    browser.get("/billing/balance").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn staff_land_where_they_work_unless_they_came_from_somewhere() {
    let world = World::new().await;
    world.sovereign_admin().await;
    let mut browser = world.browser();
    let secrets = ask(&world, &mut browser, "admin@sovereign.om").await;
    let reply = follow(&mut browser, &secrets.token).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/admin/billing");

    let fields = [("email", "admin@sovereign.om"), ("return_to", "/plans?x=1")];
    submit(&mut browser, "/sign-in", "/sign-in", &fields).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    let code = code_of(&world);
    let reply = enter(&mut browser, "admin@sovereign.om", &code).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/plans?x=1");
}

fn code_of(world: &World) -> String {
    let mails = world.mails();
    let code = mails[0].text.lines().find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
    code.expect("a code").to_owned()
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let world = World::new().await;
    let mut browser = world.browser();
    let fields = [("email", "sara@example.om"), ("return_to", "//evil.example")];
    submit(&mut browser, "/sign-in", "/sign-in", &fields).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    let reply = enter(&mut browser, "sara@example.om", &code_of(&world)).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "/console");
}

#[tokio::test]
async fn a_link_cannot_be_used_twice() {
    let world = World::new().await;
    let mut browser = world.browser();
    let secrets = ask(&world, &mut browser, "sara@example.om").await;
    follow(&mut browser, &secrets.token).await.expect(StatusCode::SEE_OTHER);
    follow(&mut browser, &secrets.token).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    enter(&mut browser, "sara@example.om", &secrets.code).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_link_works_only_in_the_browser_that_asked_and_its_code_in_any() {
    let world = World::new().await;
    let (mut here, mut elsewhere) = (world.browser(), world.browser());
    let secrets = ask(&world, &mut here, "sara@example.om").await;
    let reply = follow(&mut elsewhere, &secrets.token).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let text = reply.text();
    assert!(
        text.contains("You asked in another browser") && text.contains("href=\"/sign-in/code\""),
        "{text}"
    );
    assert!(!text.contains("action=\"/sign-in/link\"") && !text.contains("name=\"token\""), "{text}");
    enter(&mut elsewhere, "sara@example.om", &secrets.code).await.expect(StatusCode::SEE_OTHER);
    elsewhere.get("/billing/balance").await.expect(StatusCode::OK);
    follow(&mut here, &secrets.token).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn looking_at_a_link_does_not_use_it_up() {
    let world = World::new().await;
    let mut browser = world.browser();
    let secrets = ask(&world, &mut browser, "sara@example.om").await;
    let page = format!("/sign-in/link?token={}", secrets.token);
    for method in [Method::GET, Method::HEAD, Method::GET] {
        // A scanner has no cookies.
        let mut scanner = world.browser();
        let request = scanner.request(method.clone(), &page).body(axum::body::Body::empty()).unwrap();
        let reply = scanner.send(request).await.expect(StatusCode::OK);
        assert_eq!(method == Method::HEAD, reply.body.is_empty());
        browser.get(&page).await.expect(StatusCode::OK);
    }
    assert_eq!(world.number("select count(*) from sign_in_link where consumed_at is not null").await, 0);
    follow(&mut browser, &secrets.token).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn five_wrong_codes_close_an_address_and_another_mail_does_not_open_it() {
    let world = World::new().await;
    let email = "sara@example.om";
    let mut browser = world.browser();
    let wrong = |code: &str| if code == "000000" { "000001" } else { "000000" };
    let first = ask(&world, &mut browser, email).await;
    for _ in 0..3 {
        enter(&mut browser, email, wrong(&first.code)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let second = ask(&world, &mut browser, email).await;
    for _ in 0..2 {
        // From another address as well: the limit is the account's.
        let mut elsewhere = world.browser();
        enter(&mut elsewhere, email, wrong(&second.code)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let reply = enter(&mut browser, email, &second.code).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=600).contains(&seconds)));
    let third = ask(&world, &mut browser, email).await;
    enter(&mut browser, email, &third.code).await.expect(StatusCode::TOO_MANY_REQUESTS);
    // The link is another thing: it is not guessed.
    follow(&mut browser, &third.token).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_older_code_is_good_until_it_is_used_or_too_old() {
    let world = World::new().await;
    let mut browser = world.browser();
    let first = ask(&world, &mut browser, "sara@example.om").await;
    ask(&world, &mut browser, "sara@example.om").await;
    world.execute("update sign_in_link set expires_at = now() where created_at = (select min(created_at) from sign_in_link)").await;
    enter(&mut browser, "sara@example.om", &first.code).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    follow(&mut browser, &first.token).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_answer() {
    let world = World::new().await;
    world.sovereign_admin().await;
    let mut answers = Vec::new();
    for email in ["admin@sovereign.om", "nobody@example.om"] {
        let mut browser = world.browser();
        let reply = submit(&mut browser, "/sign-in", "/sign-in", &[("email", email)]).await;
        let page = browser.get("/sign-in/code").await;
        let same = page.text().replace(email, "…");
        // Nonces and request numbers differ each time.
        answers.push((reply.status, reply.header("location").to_owned(), same.len()));
    }
    assert_eq!(answers[0], answers[1]);
    world.run_jobs().await;
    assert_eq!(world.mails().len(), 2);
}

#[tokio::test]
async fn links_are_limited_for_an_address() {
    let world = World::with(&[("CATALYST_LIMIT_LINKS_PER_ADDRESS", "2/15m")]).await;
    for expected in [StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS] {
        let mut browser = world.browser();
        submit(&mut browser, "/sign-in", "/sign-in", &[("email", "sara@example.om")]).await.expect(expected);
    }
    world.run_jobs().await;
    assert_eq!(world.mails().len(), 2);
}

#[tokio::test]
async fn only_links_that_open_nothing_count_as_tries() {
    let world = World::with(&[("CATALYST_LIMIT_SIGN_IN_TRIES_PER_IP", "1/24h")]).await;
    for email in ["sara@example.om", "huda@example.om", "layla@example.om"] {
        sign_in(&world, email).await;
    }
    let mut guesser = world.browser();
    assert_ne!(follow(&mut guesser, "guess").await.status, StatusCode::TOO_MANY_REQUESTS);
    follow(&mut guesser, "guess").await.expect(StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_bad_address_is_said_beside_its_field() {
    let world = World::new().await;
    let mut browser = world.browser();
    let reply = submit(&mut browser, "/sign-in", "/sign-in", &[("email", "not an address")]).await;
    let reply = reply.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.text().contains("not an address"), "what was typed is still there");
    assert!(reply.text().contains("name@company.om"), "{}", reply.text());
}

#[tokio::test]
async fn sessions_are_known_by_hashes() {
    let world = World::new().await;
    let browser = sign_in(&world, "sara@example.om").await;
    assert_eq!(session_of(&browser).len(), 22);
    assert_eq!(world.number("select count(*) from session where octet_length(session_hash) = 32").await, 1);
}
