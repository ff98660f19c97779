//! Amounts over REST: exact, or refused.

use http::StatusCode;
use serde_json::json;

use crate::world::World;

const ISSUE: &str = "/billing/vouchers/issue";

#[tokio::test]
async fn an_amount_is_read_exactly_in_each_form() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    for (body, baisa, written) in [
        (r#"{"code":"A-1","credit_omr":12.345}"#, 12_345_i64, "12.345"),
        (r#"{"code":"A-2","credit_omr":"12.345"}"#, 12_345, "12.345"),
        (r#"{"code":"A-3","credit_baisa":12345}"#, 12_345, "12.345"),
        (r#"{"code":"A-4","credit":{"amount":"12.345","currency":"OMR"}}"#, 12_345, "12.345"),
        (r#"{"code":"A-5","credit":{"amount":12.345,"currency":"omr"}}"#, 12_345, "12.345"),
        (r#"{"code":"A-6","credit_omr":5.75}"#, 5_750, "5.750"),
        (r#"{"code":"A-7","credit_omr":50}"#, 50_000, "50.000"),
        (r#"{"code":"A-8","credit_omr":0.001}"#, 1, "0.001"),
        // As a float this would be 999999999.998999953….
        (r#"{"code":"A-9","credit_omr":999999999.999}"#, 999_999_999_999, "999999999.999"),
    ] {
        let reply = admin.post_text(ISSUE, body).await.expect(StatusCode::OK);
        let exact = format!(r#""credit_omr":{written},"credit_baisa":{baisa},"#);
        assert!(reply.text().contains(&exact), "{body}: {}", reply.text());
        assert_eq!(reply.json()["credit"], json!({ "amount": written, "currency": "OMR" }), "{body}");
    }
    let stored = "select sum(credit_minor)::bigint from promo_code where code in ('A-1', 'A-5', 'A-9')";
    assert_eq!(world.number(stored).await, 999_999_999_999 + 2 * 12_345);
}

#[tokio::test]
async fn an_amount_that_is_not_exact_is_refused_by_its_fields_name() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    let (bad, wrong) = (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY);
    for (credit, status, error, field) in [
        (r#""credit_omr":12.3456"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":12.3450"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":1e3"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":1E-1"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":"1e3""#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":"1,000""#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":" 5""#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":"٥""#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":"""#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":0"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":-5"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":1000000000.001"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":99999999999999999999999"#, wrong, "invalid", "credit_omr"),
        (r#""credit_omr":true"#, bad, "wrong_type", "credit_omr"),
        (r#""credit_omr":[5]"#, bad, "wrong_type", "credit_omr"),
        (r#""credit_baisa":0"#, wrong, "invalid", "credit_baisa"),
        (r#""credit_baisa":-1"#, wrong, "invalid", "credit_baisa"),
        (r#""credit_baisa":1000000000001"#, wrong, "invalid", "credit_baisa"),
        (r#""credit_baisa":1.5"#, bad, "wrong_type", "credit_baisa"),
        (r#""credit_baisa":"5""#, bad, "wrong_type", "credit_baisa"),
        (r#""credit":{"amount":"5.000","currency":"USD"}"#, wrong, "invalid", "credit.currency"),
        (r#""credit":{"amount":"5.000","currency":"XXX"}"#, wrong, "invalid", "credit.currency"),
        (r#""credit":{"amount":"5.0001","currency":"OMR"}"#, wrong, "invalid", "credit.amount"),
        (r#""credit":{"amount":"-5","currency":"OMR"}"#, wrong, "invalid", "credit.amount"),
        (r#""credit":{"amount":"5"}"#, bad, "required", "credit.currency"),
        (r#""credit":{"amount":"5","currency":"OMR","x":1}"#, bad, "unknown_field", "credit.x"),
        (r#""credit":5"#, bad, "wrong_type", "credit"),
        (r#""credit_omr":null"#, bad, "required", "credit"),
        (r#""description":"no credit""#, bad, "required", "credit"),
        (r#""credit_omr":5,"credit_baisa":5000"#, bad, "ambiguous", "credit"),
    ] {
        let body = format!(r#"{{"code":"EXACT",{credit}}}"#);
        admin.post_text(ISSUE, body).await.refused(status, error, field);
    }
    assert_eq!(world.number("select count(*) from promo_code").await, 0);
}
