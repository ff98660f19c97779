//! Bad input over REST: a 4xx that names the field, and nothing stored.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// `base` with one field changed.
fn with(base: &Value, field: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[field] = value;
    changed
}

#[tokio::test]
async fn a_voucher_with_a_wrong_field_is_refused_by_its_name() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    let good = json!({ "code": "GOOD", "credit_omr": 5 });
    for (field, value, status, error) in [
        ("code", json!(""), BAD, "required"),
        ("code", json!("   "), BAD, "required"),
        ("code", json!("AB"), WRONG, "invalid"),
        ("code", json!("A".repeat(41)), WRONG, "invalid"),
        ("code", json!("A B"), WRONG, "invalid"),
        ("code", json!("ABC\0"), WRONG, "invalid"),
        ("code", json!("ABC';--"), WRONG, "invalid"),
        ("code", json!(5), BAD, "wrong_type"),
        ("code", json!(null), BAD, "wrong_type"),
        ("description", json!("d".repeat(201)), WRONG, "invalid"),
        ("description", json!("a\0b"), WRONG, "invalid"),
        ("description", json!("a\nb"), WRONG, "invalid"),
        ("description", json!(5), BAD, "wrong_type"),
        ("active", json!("yes"), BAD, "wrong_type"),
        ("max_redemptions", json!(-1), WRONG, "invalid"),
        ("max_redemptions", json!(10_000_001), WRONG, "invalid"),
        ("max_redemptions", json!(9_000_000_000_i64), WRONG, "invalid"),
        ("max_redemptions", json!(1.5), BAD, "wrong_type"),
        ("max_redemptions", json!("5"), BAD, "wrong_type"),
        ("times_redeemed", json!(0), BAD, "unknown_field"),
        ("currency", json!("OMR"), BAD, "unknown_field"),
    ] {
        for path in ["/billing/vouchers/issue", "/billing/admin/promos"] {
            admin.post(path, &with(&good, field, value.clone())).await.refused(status, error, field);
        }
    }
    let nameless = admin.post("/billing/vouchers/issue", &json!({ "credit_omr": 5 })).await;
    nameless.refused(BAD, "required", "code");
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
    assert_eq!(world.number("select count(*) from audit_event where action like 'voucher%'").await, 0);
    admin.post("/billing/vouchers/issue", &good).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_order_with_a_wrong_field_is_refused_by_its_name_and_stores_nothing() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let stored = world.stored().await;
    let good = json!({ "plan_id": "s", "apps": ["wordpress"], "promo_code": "WELCOME",
        "organization": { "name": "Acme", "slug": "acme" } });
    let organization = |name: Value, slug: Value| json!({ "name": name, "slug": slug });
    for (field, value, status, error, told) in [
        ("plan_id", json!("p".repeat(65)), WRONG, "invalid", "plan_id"),
        ("plan_id", json!("s\0"), WRONG, "invalid", "plan_id"),
        ("plan_id", json!(5), BAD, "wrong_type", "plan_id"),
        ("plan_id", json!(null), BAD, "wrong_type", "plan_id"),
        ("apps", json!("wordpress"), BAD, "wrong_type", "apps"),
        ("apps", json!([5]), BAD, "wrong_type", "apps[0]"),
        ("apps", json!(["a".repeat(65)]), WRONG, "invalid", "apps"),
        ("apps", json!(["word\0press"]), WRONG, "invalid", "apps"),
        ("apps", json!(vec!["wordpress"; 51]), WRONG, "invalid", "apps"),
        ("addons", json!({}), BAD, "wrong_type", "addons"),
        ("addons", json!(["\0"]), WRONG, "invalid", "addons"),
        ("promo_code", json!("A".repeat(41)), WRONG, "invalid", "promo_code"),
        ("promo_code", json!("WEL\0COME"), WRONG, "invalid", "promo_code"),
        ("promo_code", json!(["WELCOME"]), BAD, "wrong_type", "promo_code"),
        ("organization", json!("acme"), BAD, "wrong_type", "organization"),
        ("organization", json!({ "name": "Acme" }), BAD, "required", "organization.slug"),
        ("organization", organization(json!(""), json!("acme")), BAD, "required", "organization.name"),
        (
            "organization",
            organization(json!("n".repeat(81)), json!("acme")),
            WRONG,
            "invalid",
            "organization.name",
        ),
        ("organization", organization(json!("A\0B"), json!("acme")), WRONG, "invalid", "organization.name"),
        ("organization", organization(json!("A\r\nB"), json!("acme")), WRONG, "invalid", "organization.name"),
        ("organization", organization(json!(5), json!("acme")), BAD, "wrong_type", "organization.name"),
        (
            "organization",
            organization(json!("Acme"), json!("a".repeat(32))),
            WRONG,
            "invalid",
            "organization.slug",
        ),
        ("organization", organization(json!("Acme"), json!("ac\0me")), WRONG, "invalid", "organization.slug"),
        (
            "organization",
            json!({ "name": "A", "slug": "acme", "x": 1 }),
            BAD,
            "unknown_field",
            "organization.x",
        ),
        ("organization", json!(null), BAD, "required", "organization"),
        ("tenant_id", json!("acme"), BAD, "ambiguous", "tenant_id"),
        ("tenant_id", json!(5), BAD, "wrong_type", "tenant_id"),
        ("total", json!(5), BAD, "wrong_type", "total"),
        ("total", json!({ "amount": true, "currency": "OMR" }), BAD, "wrong_type", "total.amount"),
        ("amount", json!(0), BAD, "unknown_field", "amount"),
    ] {
        customer.order("k", &with(&good, field, value)).await.refused(status, error, told);
    }
    let mut planless = good.clone();
    planless.as_object_mut().unwrap().remove("plan_id");
    customer.order("k", &planless).await.refused(BAD, "required", "plan_id");
    assert_eq!(world.stored().await, stored);
}

#[tokio::test]
async fn a_look_at_a_wrong_code_is_refused_by_the_fields_name() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let path = "/billing/vouchers/redeem-preview";
    for (body, status, error, field) in [
        (r#"{"code":""}"#, BAD, "required", "code"),
        (r#"{"code":"  "}"#, BAD, "required", "code"),
        (r#"{"code":"A\u0000B"}"#, WRONG, "invalid", "code"),
        (r#"{"code":5}"#, BAD, "wrong_type", "code"),
        (r#"{}"#, BAD, "required", "code"),
        (r#"{"code":"ABC","x":1}"#, BAD, "unknown_field", "x"),
        (r#"{"code":"ABC","code":"DEF"}"#, BAD, "duplicate_field", "code"),
        (r#"{"code":"ABC""#, BAD, "malformed_json", ""),
        (r#"["ABC"]"#, BAD, "malformed_json", ""),
        ("", BAD, "malformed_json", ""),
    ] {
        anybody.post_text(path, body).await.refused(status, error, field);
    }
    let bytes = b"{\"code\":\"AB\xff\"}".to_vec();
    anybody.post_text(path, bytes).await.refused(BAD, "not_utf8", "code");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    anybody.post_text(path, format!(r#"{{"code":{deep}}}"#)).await.expect(BAD);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_unread() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    let body = |length: usize| {
        let start = r#"{"code":"LARGE","credit_omr":5,"description":""#;
        format!(r#"{start}{}"}}"#, "d".repeat(length - start.len() - 2))
    };
    let path = "/billing/vouchers/issue";
    admin.post_text(path, body(64 * 1024)).await.refused(WRONG, "invalid", "description");
    let large = admin.post_text(path, body(64 * 1024 + 1)).await;
    large.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "");
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
}

#[tokio::test]
async fn a_wrong_code_or_name_in_a_path_is_refused() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    for code in ["A%20B", "AB", "A--B", "%F0%9F%8E%81"] {
        for path in ["/billing/vouchers/revoke", "/billing/admin/promos"] {
            admin.delete(&format!("{path}/{code}")).await.refused(WRONG, "invalid", "code");
        }
    }
    for path in ["/billing/vouchers/revoke/A%00B", "/billing/vouchers/revoke/%FF", "/tenant/check-slug/%FF"] {
        let request =
            admin.request(if path.contains("slug") { http::Method::GET } else { http::Method::DELETE }, path);
        let reply = admin.send(request.body(axum::body::Body::empty()).unwrap()).await;
        reply.refused(BAD, "not_utf8", "path");
    }
}
