//! An order by the page's own form: what stands against it is said on the page, and the next press goes on from there.

use http::StatusCode;
use serde_json::json;

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, Reply, World, order_for},
};

const PLACE: &str = "/do/orders/place";

/// Somebody who is signed in, with these apps of plan s in the cart.
async fn shopper(world: &World, email: &str, apps: &[&str]) -> Browser {
    let mut browser = sign_in(world, email).await;
    let name = [("organization_name", "Sara Pharmacy"), ("organization_slug", "sara-pharmacy")];
    submit(&mut browser, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
    for app in apps {
        let added = submit(&mut browser, "/apps", "/do/cart/apps/add", &[("app", app)]).await;
        added.expect(StatusCode::SEE_OTHER);
    }
    submit(&mut browser, "/addons", "/do/cart/organization", &name).await.expect(StatusCode::SEE_OTHER);
    browser
}

/// Presses the button of a page of the checkout, with what the page put into its form.
async fn press(browser: &mut Browser, page: &Reply, destination: &str) -> Reply {
    let hidden = |name: &str| {
        let rest = page.text().split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.unwrap_or_else(|| panic!("{name}: {}", page.text())).split('"').next().unwrap().to_owned()
    };
    let (key, seen, total, currency) = (hidden("key"), hidden("seen"), hidden("total"), hidden("currency"));
    let fields = [
        ("key", key.as_str()),
        ("seen", &seen),
        ("total", &total),
        ("currency", &currency),
        ("destination", destination),
    ];
    submit(browser, "/checkout", PLACE, &fields).await
}

/// A page as it reads: without the space that keeps an amount on one line.
fn read(reply: &Reply) -> String {
    reply.text().replace('\u{a0}', " ")
}

/// Somebody with 45.000 of credit and an Organization, `Sara Pharmacy`, that has WordPress.
async fn with_wordpress(world: &World) -> String {
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let mut order = order_for("sara", Some("WELCOME"));
    order["organization"]["name"] = json!("Sara Pharmacy");
    let placed = customer.order("k", &order).await.expect(StatusCode::OK).json();
    placed["tenant_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_price_that_changed_since_it_was_seen_is_shown_before_it_is_paid() {
    let mut world = World::new().await;
    with_wordpress(&world).await;
    let mut sara = shopper(&world, "sara@example.om", &["ghost"]).await;
    let page = sara.get("/checkout").await.expect(StatusCode::OK);
    world.execute("update plan set price_minor = 6000 where slug = 's'").await;
    let stored = world.stored().await;

    let refused = press(&mut sara, &page, "").await.expect(StatusCode::CONFLICT);
    let sentence = "The price has changed: it was OMR 5.000 when you saw it and is OMR 6.000 now.";
    assert!(read(&refused).contains(sentence), "{}", read(&refused));
    assert!(refused.text().contains("name=\"total\" value=\"6000\""), "the page shows the new price");
    assert_eq!(world.stored().await, stored);
    sara.remember("lang", "ar");
    let arabic = press(&mut sara, &page, "").await.expect(StatusCode::CONFLICT);
    assert!(arabic.text().contains("تغيّر السعر"), "{}", arabic.text());

    let placed = press(&mut sara, &refused, "").await.expect(StatusCode::SEE_OTHER);
    assert!(placed.header("location").starts_with("/orders/"), "{}", placed.header("location"));
    assert_eq!(world.number("select max(total_minor) from customer_order").await, 6000);
    // Who presses once more, on whichever page, has placed it.
    world.execute("update plan set price_minor = 7000 where slug = 's'").await;
    let again = press(&mut sara, &page, "").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(again.header("location"), placed.header("location"));
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn an_app_that_the_organization_has_is_named_where_the_apps_are() {
    let mut world = World::new().await;
    let organization = with_wordpress(&world).await;
    let mut sara = shopper(&world, "sara@example.om", &["ghost", "wordpress"]).await;
    let page = sara.get("/checkout").await.expect(StatusCode::OK);
    let stored = world.stored().await;
    let refused = press(&mut sara, &page, &organization).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["Sara Pharmacy has WordPress already.", "href=\"#apps\"", "id=\"apps\""] {
        assert!(read(&refused).contains(part), "{part}: {}", read(&refused));
    }
    assert_eq!(world.stored().await, stored);

    let out = [("app", "wordpress")];
    submit(&mut sara, "/apps", "/do/cart/apps/remove", &out).await.expect(StatusCode::SEE_OTHER);
    let page = sara.get("/checkout").await.expect(StatusCode::OK);
    press(&mut sara, &page, &organization).await.expect(StatusCode::SEE_OTHER);
    world.check_books().await;
    world.abandon_jobs();
}
