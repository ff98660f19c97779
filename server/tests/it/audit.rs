//! Who did what, and how they came in.

use http::StatusCode;
use serde_json::json;

use crate::{
    sign_in::{sign_in, submit},
    world::World,
};

/// Action, subject, who, and how they came in.
type Row = (String, String, Option<String>, Option<String>);

async fn rows(world: &World) -> Vec<Row> {
    sqlx::query_as(
        "select action, subject, email, via from audit_event left join account on account_id = actor_id
         order by audit_event_id",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap()
}

fn row(action: &str, subject: &str, email: Option<&str>, via: &str) -> Row {
    (action.to_owned(), subject.to_owned(), email.map(str::to_owned), Some(via.to_owned()))
}

#[tokio::test]
async fn each_row_says_who_and_by_what_and_from_where() {
    let world = World::new().await;
    let admin = "admin@sovereign.om";
    let client = world.sovereign_admin().await;
    let issue = json!({ "code": "BY-TOKEN", "credit_omr": 5 });
    client.post("/billing/vouchers/issue", &issue).await.expect(StatusCode::OK);
    client.delete("/billing/vouchers/revoke/BY-TOKEN").await.expect(StatusCode::OK);
    let mut browser = sign_in(&world, admin).await;
    let fields = [("code", "BY-SESSION"), ("credit", "5")];
    submit(&mut browser, "/admin/billing", "/do/vouchers/issue", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(
        rows(&world).await,
        [
            row("role.grant", admin, None, "operator"),
            row("token.create", admin, None, "operator"),
            row("voucher.issue", "BY-TOKEN", Some(admin), "token"),
            row("voucher.revoke", "BY-TOKEN", Some(admin), "token"),
            row("voucher.issue", "BY-SESSION", Some(admin), "session"),
        ]
    );
    for (what, query) in [
        (
            "a token says which",
            "select count(*) from audit_event where (via = 'token') <> (api_token_id is not null)",
        ),
        (
            "people come from somewhere",
            "select count(*) from audit_event where actor_id is not null
             and (ip is null or ip not like '192.0.2.%' or request_id is null)",
        ),
        (
            "commands come from nowhere",
            "select count(*) from audit_event where via = 'operator'
             and num_nonnulls(actor_id, ip, request_id) > 0",
        ),
    ] {
        assert_eq!(world.number(query).await, 0, "{what}");
    }
}
