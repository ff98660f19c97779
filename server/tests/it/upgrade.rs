//! An installation as the previous release left it (`fixtures/`), in the hands of this one: nothing is lost.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use domain::{
    backup::{ensure_application_role, set_default_privileges},
    testing::TestDatabase,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    sign_in::submit,
    world::{Browser, Reply, World},
};

#[derive(Deserialize)]
struct Recorded {
    tokens: Vec<Token>,
    orders: Vec<Ordered>,
    browsers: BTreeMap<String, Visitor>,
    rows: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Token {
    email: String,
    scopes: Vec<String>,
    token: String,
    /// By path.
    answers: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
struct Ordered {
    email: String,
    idempotency_key: String,
    body: Value,
    answer: Answer,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Answer {
    status: u16,
    body: Value,
}

#[derive(Deserialize)]
struct Visitor {
    cookies: BTreeMap<String, String>,
    link: Option<Link>,
    cart: Option<Value>,
}

#[derive(Deserialize)]
struct Link {
    email: String,
    token: String,
    code: String,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self { status: reply.status.as_u16(), body: reply.json() }
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

fn restore(arguments: &[&str], url: &str, input: &str) -> String {
    let mut command = Command::new(local_postgres::program("pg_restore"));
    command.args(arguments).arg(fixture("previous_release.dump"));
    if !url.is_empty() {
        command.args(["--dbname", url]);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The database as it was, in time that has been moved on to now.
async fn previous_database(recorded: &Recorded) -> TestDatabase {
    let database = TestDatabase::empty().await;
    let mut conn = PgConnection::connect(&database.url()).await.unwrap();
    ensure_application_role(&mut conn).await.unwrap();
    let wanted: String = restore(&["--list"], "", "")
        .lines()
        .filter(|line| !line.contains(" DEFAULT ACL "))
        .flat_map(|line| [line, "\n"])
        .collect();
    restore(&["--no-owner", "--exit-on-error", "--use-list=/dev/stdin"], &database.url(), &wanted);
    set_default_privileges(&mut conn).await.unwrap();
    for (table, rows) in &recorded.rows {
        let query = format!("select count(*) from {table}");
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut conn).await.unwrap();
        assert_eq!(found, *rows, "{table}");
    }
    for statement in [
        "update session set created_at = now(), seen_at = now(), expires_at = now() + interval '30 days'",
        "update sign_in_link set created_at = now(), expires_at = now() + interval '10 minutes'
         where consumed_at is null",
        "update cart set updated_at = now()",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();
    database
}

/// This release on that database, with the key of the previous one.
async fn upgraded() -> (World, Recorded) {
    let recorded: Recorded =
        serde_json::from_slice(&fs::read(fixture("previous_release.json")).unwrap()).unwrap();
    let database = previous_database(&recorded).await;
    domain::db::migrate(&database.url()).await.unwrap();
    let key = std::env::temp_dir().join(format!("catalyst-previous-{}.key", uuid::Uuid::now_v7()));
    fs::copy(fixture("previous_release.key"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let world = World::on(database, &[("CATALYST_SERVER_KEY_FILE", key.to_str().unwrap())]).await;
    fs::remove_file(key).unwrap();
    (world, recorded)
}

fn browser(world: &World, recorded: &Recorded, who: &str) -> Browser {
    let mut browser = world.browser();
    for (name, value) in &recorded.browsers[who].cookies {
        browser.remember(name, value);
    }
    browser
}

#[tokio::test]
async fn everybody_is_answered_as_before() {
    let (mut world, recorded) = upgraded().await;
    world.check_books().await;
    for token in &recorded.tokens {
        let client = world.with_known_token(&token.token);
        for (path, before) in &token.answers {
            let now = Answer::from(client.get(path).await);
            assert_eq!(now, *before, "{} {:?} {path}", token.email, token.scopes);
        }
    }
    let stored = world.stored().await;
    for order in &recorded.orders {
        let token = recorded.tokens.iter().find(|token| token.email == order.email).unwrap();
        let client = world.with_known_token(&token.token);
        let again = Answer::from(client.order(&order.idempotency_key, &order.body).await);
        assert_eq!(again, order.answer, "{}", order.idempotency_key);
        let other = json!({ "plan_id": "s", "apps": ["ghost"], "organization": { "name": "X", "slug": "other-one" } });
        let other = client.order(&order.idempotency_key, &other).await;
        other.refused(StatusCode::CONFLICT, "key_reused", "Idempotency-Key");
    }
    assert_eq!(world.stored().await, stored);
    world.abandon_jobs();
}

#[tokio::test]
async fn what_is_stored_says_the_same_in_its_new_shape() {
    let (mut world, recorded) = upgraded().await;
    for (what, query, expected) in [
        ("entries", "select count(*) from ledger_entry", recorded.rows["ledger_entry"]),
        ("lots", "select count(*) from grant_lot", recorded.rows["grant_lot"]),
        ("events", "select count(*) from event where subject_kind = 'organization'", recorded.rows["organization_event"]),
        ("grants and spends", "select count(*) from ledger_transaction where
             (kind, cause_kind) in (('grant', 'redemption'), ('spend', 'order'))", recorded.rows["ledger_transaction"]),
        ("lines of subscriptions", "select count(*) from subscription_line", recorded.rows["order_line"]),
        ("Organizations that are paid by whoever ordered them",
         "select count(*) from organization where billing_account_id = (
             select billing_account_id from customer_order join billing_account using (account_id)
             where customer_order.organization_id = organization.organization_id order by customer_order.created_at limit 1)",
         recorded.rows["organization"]),
        ("billing accounts of others than buyers", "select count(*) from billing_account
             where account_id not in (select account_id from customer_order)", 0),
        ("months", "select count(*) from subscription where period_end = period_start + interval '1 month'",
         recorded.rows["subscription"]),
        ("things done at the command line",
         "select count(*) from audit_event where (via is not distinct from 'operator') <> (actor_id is null)", 0),
        ("sessions that say who it is in their data", "select count(*) from session where data ? 'account' or data ? 'cart'", 0),
    ] {
        assert_eq!(world.number(query).await, expected, "{what}");
    }
    world.abandon_jobs();
}

#[tokio::test]
async fn people_stay_signed_in_with_their_carts() {
    let (mut world, recorded) = upgraded().await;
    let mut sara = browser(&world, &recorded, "sara");
    sara.get("/console").await.expect(StatusCode::OK);
    let cart = recorded.browsers["sara"].cart.as_ref().unwrap();
    let checkout = sara.get("/checkout").await.expect(StatusCode::OK);
    for field in ["checkout_key", "organization_name", "voucher_code"] {
        assert!(checkout.text().contains(cart[field].as_str().unwrap()), "{field}");
    }
    let mut admin = browser(&world, &recorded, "admin");
    admin.get("/admin/billing").await.expect(StatusCode::OK);

    let mut visitor = browser(&world, &recorded, "visitor");
    assert!(visitor.get("/console").await.header("location").starts_with("/sign-in?"));
    let cart = recorded.browsers["visitor"].cart.as_ref().unwrap();
    let chosen = world.number("select count(*) from cart").await;
    submit(&mut visitor, "/apps", "/do/cart/apps/add", &[("app", "ghost")])
        .await
        .expect(StatusCode::SEE_OTHER);
    assert_eq!(world.number("select count(*) from cart").await, chosen, "the cart that was there");
    let both = format!(
        "select count(*) from cart where cart_id = '{}' and apps = '{{bookstack,ghost}}'",
        cart["cart_id"].as_str().unwrap()
    );
    assert_eq!(world.number(&both).await, 1);

    // A code was mailed by the previous release, and is typed in now.
    let link = recorded.browsers["waiting"].link.as_ref().unwrap();
    let mut waiting = browser(&world, &recorded, "waiting");
    let page = waiting.get(&format!("/sign-in/link?token={}", link.token)).await.expect(StatusCode::OK);
    assert!(page.text().contains(&link.email));
    let code = [("email", link.email.as_str()), ("code", &link.code)];
    submit(&mut waiting, "/sign-in/code", "/sign-in/code", &code).await.expect(StatusCode::SEE_OTHER);
    waiting.get("/console").await.expect(StatusCode::OK);
    world.abandon_jobs();
}

#[tokio::test]
async fn work_that_was_under_way_is_done_once() {
    let (world, recorded) = upgraded().await;
    world.run_jobs().await;
    for (what, query) in [
        ("Organizations that are not active", "select count(*) from organization where state <> 'active'"),
        ("Applications that are not in Git", "select count(*) from application where state <> 'committed'"),
        ("jobs that are not done", "select count(*) from job where state <> 'done'"),
        (
            "things that were told twice",
            "select count(*) from (select from event group by subject_kind, subject_id, kind, payload
             having count(*) > 1) twice",
        ),
    ] {
        assert_eq!(world.number(query).await, 0, "{what}");
    }
    let mut mailed: Vec<String> = world.mails().into_iter().map(|mail| mail.to).collect();
    mailed.sort_unstable();
    assert_eq!(mailed, ["layla@example.om", "salim@example.om"]);

    // She pays out of what is left of two vouchers, and a third.
    let mut sara = browser(&world, &recorded, "sara");
    let checkout = sara.get("/checkout").await.expect(StatusCode::OK);
    let field = |name: &str| {
        let at = checkout.text().split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        at.split('"').next().unwrap().to_owned()
    };
    let (key, seen) = (field("key"), field("seen"));
    let form = [("key", key.as_str()), ("seen", &seen), ("destination", "")];
    let placed =
        submit(&mut sara, "/checkout", "/do/orders/place", &form).await.expect(StatusCode::SEE_OTHER);
    assert!(placed.header("location").starts_with("/orders/"), "{}", placed.header("location"));
    world.run_jobs().await;
    world.check_books().await;
    let events = format!("{}/events?after=0", placed.header("location"));
    assert!(world.number("select count(*) from event where subject_kind = 'order'").await > 0, "{events}");
}
