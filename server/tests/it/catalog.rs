//! The catalog: what a fresh database sells, and that a seed never takes an edit away.

use domain::{catalog, testing::TestDatabase};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::world::World;

const TABLES: [&str; 7] = ["category", "plan", "app", "app_dependency", "addon", "bundle", "industry"];

/// Every row of the catalog, with ids and times.
async fn snapshot(pool: &PgPool) -> Vec<Value> {
    let mut all = Vec::new();
    for table in TABLES {
        let rows = format!(
            "select coalesce(jsonb_agg(to_jsonb({table}) order by to_jsonb({table})::text), '[]') from {table}"
        );
        all.push(sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(pool).await.unwrap());
    }
    all
}

async fn seed(pool: &PgPool) {
    catalog::seed(&mut pool.acquire().await.unwrap()).await.unwrap();
}

async fn text(pool: &PgPool, query: &'static str) -> String {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_fresh_catalog_sells_wordpress_and_brings_its_database() {
    let world = World::new().await;
    let apps = world.anonymous().get("/catalog/apps").await.expect(StatusCode::OK).json();
    let find = |slug: &str| apps.as_array().unwrap().iter().find(|app| app["slug"] == slug).unwrap().clone();
    let (wordpress, mysql) = (find("wordpress"), find("mysql"));
    assert_eq!(wordpress["dependencies"], json!(["mysql"]));
    assert_eq!(wordpress["dependency_ids"], json!([mysql["id"]]));
    assert_eq!((&wordpress["deployable"], &wordpress["kind"]), (&json!(true), &json!("business")));
    assert_eq!(
        (&mysql["deployable"], &mysql["kind"], &mysql["system"]),
        (&json!(true), &json!("service"), &json!(true))
    );
    assert_eq!(find("erpnext")["deployable"], false);
    assert_eq!(apps.as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn plans_are_told_with_exact_prices_in_their_order() {
    let world = World::new().await;
    let reply = world.anonymous().get("/catalog/plans").await.expect(StatusCode::OK);
    assert!(reply.text().contains(r#""price_omr":9.000,"price_baisa":9000"#), "{}", reply.text());
    let plans = reply.json();
    let told: Vec<_> = plans
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| {
            let text = |field: &str| plan[field].as_str().unwrap().to_owned();
            (
                text("slug"),
                text("cpu"),
                text("memory"),
                text("storage"),
                plan["price_baisa"].as_i64().unwrap(),
            )
        })
        .collect();
    let plan = |slug: &str, cpu: &str, memory: &str, storage: &str, price: i64| {
        (slug.to_owned(), cpu.to_owned(), memory.to_owned(), storage.to_owned(), price)
    };
    assert_eq!(
        told,
        [
            plan("s", "2 vCPU", "4 GB", "25 GB", 5_000),
            plan("m", "4 vCPU", "8 GB", "50 GB", 9_000),
            plan("l", "8 vCPU", "16 GB", "100 GB", 16_000),
            plan("xl", "16 vCPU", "32 GB", "200 GB", 30_000),
            plan("flexi", "on demand", "on demand", "on demand", 0),
        ]
    );
    assert_eq!(plans[4]["orderable"], false, "a plan without a price is not sold unasked");
    assert_eq!(plans[1]["price"], json!({ "amount": "9.000", "currency": "OMR" }));
}

#[tokio::test]
async fn the_rest_of_the_catalog_is_there() {
    let world = World::new().await;
    let anybody = world.anonymous();
    for (path, count) in [("/catalog/addons", 9), ("/catalog/bundles", 3), ("/catalog/industries", 10)] {
        let all = anybody.get(path).await.expect(StatusCode::OK).json();
        assert_eq!(all.as_array().unwrap().len(), count, "{path}");
    }
    let bundles = anybody.get("/catalog/bundles").await.json();
    let starter = bundles.as_array().unwrap().iter().find(|bundle| bundle["slug"] == "starter-pack").unwrap();
    assert_eq!((&starter["discount"], &starter["recommended_size"]), (&json!(10), &json!("s")));
    let industries = anybody.get("/catalog/industries").await.json();
    assert_eq!(industries[0]["slug"], "restaurant");
    assert_eq!(industries[0]["suggested_apps"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn everybody_reads_the_catalog_in_their_language_and_may_keep_it_for_five_minutes() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let read = async |language: &str| {
        let request = anybody.request(http::Method::GET, "/catalog/apps").header("accept-language", language);
        anybody.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(StatusCode::OK)
    };
    let find = |reply: &crate::world::Reply| {
        let apps = reply.json();
        apps.as_array().unwrap().iter().find(|app| app["slug"] == "wordpress").unwrap()["tagline"].clone()
    };
    let (english, arabic, other) = (read("en-GB").await, read("ar-OM,ar;q=0.9").await, read("de").await);
    assert_eq!(find(&english), "Websites and blogs");
    assert_eq!(find(&arabic), "مواقع ومدونات");
    assert_eq!(find(&other), find(&english));
    for reply in [&english, &arabic] {
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        assert!(reply.header("vary").to_ascii_lowercase().contains("accept-language"));
        assert_eq!(reply.header("set-cookie"), "");
    }
    assert_eq!((english.header("content-language"), arabic.header("content-language")), ("en", "ar"));
}

#[tokio::test]
async fn seeding_twice_changes_nothing() {
    let database = TestDatabase::new().await;
    let pool = database.pool(2).await;
    let first = snapshot(&pool).await;
    seed(&pool).await;
    assert_eq!(snapshot(&pool).await, first);
}

#[tokio::test]
async fn a_later_seed_renews_what_nobody_touched_and_keeps_every_edit_and_every_id() {
    let database = TestDatabase::new().await;
    let pool = database.pool(2).await;
    let owner = database.owner_pool().await;
    let ids = "select string_agg(plan_id::text, ',' order by slug) from plan";
    let before = text(&pool, ids).await;
    // As an older program left it: other values, an older version.
    let older = "update plan set seed_version = 0, price_minor = price_minor + 1, popular = false;
        update app set seed_version = 0, ram_mb = 1; update addon set seed_version = 0, price_minor = 1;
        update bundle set seed_version = 0, discount_percent = 1; update industry set seed_version = 0, position = 99;
        update category set seed_version = 0, position = 99";
    sqlx::raw_sql(older).execute(&owner).await.unwrap();
    // As people changed it since.
    let edits = "update plan set price_minor = 7777 where slug = 'm';
        update plan set retired_at = now() where slug = 'l';
        update app set deployable = false where slug = 'wordpress';
        update addon set price_minor = 4321 where slug = 'daily-backup';
        update bundle set discount_percent = 33 where slug = 'starter-pack'";
    sqlx::raw_sql(edits).execute(&owner).await.unwrap();
    seed(&pool).await;

    assert_eq!(text(&pool, ids).await, before, "ids stay");
    for (query, expected) in [
        ("select price_minor::text from plan where slug = 'm'", "7777"),
        ("select price_minor::text from plan where slug = 's'", "5000"),
        ("select (retired_at is not null)::text from plan where slug = 'l'", "true"),
        ("select price_minor::text from plan where slug = 'l'", "16001"),
        ("select deployable::text || ram_mb from app where slug = 'wordpress'", "false1"),
        ("select ram_mb::text from app where slug = 'ghost'", "256"),
        ("select price_minor::text from addon where slug = 'daily-backup'", "4321"),
        ("select price_minor::text from addon where slug = 'priority-support'", "5000"),
        ("select discount_percent::text from bundle where slug = 'starter-pack'", "33"),
        ("select discount_percent::text from bundle where slug = 'comms-hub'", "15"),
        ("select position::text from industry where slug = 'restaurant'", "1"),
    ] {
        assert_eq!(text(&pool, query).await, expected, "{query}");
    }
    let settled = snapshot(&pool).await;
    seed(&pool).await;
    assert_eq!(snapshot(&pool).await, settled);
}

#[tokio::test]
async fn what_an_admin_retired_is_not_shown_and_not_sold() {
    let world = World::new().await;
    world.execute("update app set retired_at = now() where slug = 'ghost'").await;
    let apps = world.anonymous().get("/catalog/apps").await.json();
    assert!(apps.as_array().unwrap().iter().all(|app| app["slug"] != "ghost"));
    let order = json!({ "plan_id": "s", "apps": ["ghost"], "organization": { "name": "A", "slug": "acme" } });
    let refused = world.customer("a@x.om").await.order("k", &order).await;
    refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "app_unknown", "apps");
}
