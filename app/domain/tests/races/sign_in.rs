//! One link, one code, one address, tried by many at once.

use domain::{
    access::{Account, Origin},
    error::{Error, Refusal, Result},
    identity::{
        LINK_MINUTES, WRONG_CODES,
        ops::{self, LinkMail, SignInLimits},
    },
    jobs::{self, Payload, SignInMail, Wanted},
    server_key::ServerKey,
    text::{Email, Locale},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::time::{Duration, sleep};

use crate::world::{CROWD, UNLIMITED, World, all, count, only, same};

const NO_LIMITS: SignInLimits = SignInLimits {
    links_per_address: UNLIMITED,
    links_per_ip: UNLIMITED,
    links_in_all: UNLIMITED,
    tries_per_ip: UNLIMITED,
};

fn key() -> ServerKey {
    ServerKey::new([7; 32], [])
}

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.om")).unwrap()
}

fn origin() -> Origin {
    Origin { ip: "192.0.2.1".to_owned(), request_id: None }
}

/// Asks for a link from a browser, and reads the mail.
async fn mail(world: &World, name: &str, browser: &str) -> LinkMail {
    let mut conn = world.conn().await;
    let email = email(name);
    ops::request_link(&origin(), &mut conn, &NO_LIMITS, &email, browser, "/console", Locale::En)
        .await
        .unwrap();
    let wanted = [Wanted { kind: SignInMail::KIND, lease_seconds: 600 }];
    let claim = jobs::claim(&mut conn, &wanted).await.unwrap().unwrap();
    let job: SignInMail = serde_json::from_value(claim.payload.clone()).unwrap();
    let mail = ops::mint_link(&claim.worker(), &mut conn, &key(), job.sign_in_link_id).await.unwrap();
    mail.unwrap()
}

async fn open(conn: &mut PgConnection, token: &str, browser: &str) -> Result<Account> {
    let arrival = ops::consume_link(&origin(), conn, &NO_LIMITS, token, browser).await;
    arrival.map(|arrival| arrival.account)
}

async fn type_in(conn: &mut PgConnection, email: &Email, code: &str) -> Result<Account> {
    let arrival = ops::consume_code(&origin(), conn, &NO_LIMITS, &key(), email, code).await;
    arrival.map(|arrival| arrival.account)
}

/// Wrong codes are counted in windows; none ends in the next seconds.
async fn early_in_the_window() {
    let seconds = LINK_MINUTES * 60;
    let left = seconds - OffsetDateTime::now_utc().unix_timestamp() % seconds;
    if left < 15 {
        sleep(Duration::from_secs(left.unsigned_abs() + 1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_opened_sixteen_times_at_once_lets_one_in() {
    let world = World::new().await;
    for round in 0..5 {
        let mail = mail(&world, &format!("opener{round}"), "the browser").await;
        let arrived = world.at_once(CROWD, |_, mut conn| {
            let token = mail.token.clone();
            async move { open(&mut conn, &token, "the browser").await }
        });
        only(1, arrived.await, Refusal::LinkInvalid);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_typed_sixteen_times_at_once_lets_one_in() {
    let world = World::new().await;
    for round in 0..20 {
        let mail = mail(&world, &format!("typist{round}"), "the browser").await;
        let arrived = world.at_once(CROWD, |_, mut conn| {
            let (email, code) = (mail.email.clone(), mail.code.clone());
            async move { type_in(&mut conn, &email, &code).await }
        });
        let arrived = arrived.await;
        assert_eq!(count(&arrived, Result::is_ok), 1, "{arrived:?}");
        // One that was counted after the fifth is not compared.
        let refused = count(&arrived, |answer| {
            matches!(answer, Err(Error::Limited { .. }) | Err(Error::Refused(Refusal::CodeWrong)))
        });
        assert_eq!(refused, CROWD - 1, "{arrived:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_two_wrong_codes_at_once_five_are_compared_and_the_right_one_comes_too_late() {
    let world = World::new().await;
    early_in_the_window().await;
    for round in 0..3 {
        let mail = mail(&world, &format!("guesser{round}"), "the browser").await;
        let tried = world.at_once(32, |number, mut conn| {
            let right: u32 = mail.code.parse().unwrap();
            let wrong = format!("{:06}", (right + 1 + u32::try_from(number).unwrap()) % 1_000_000);
            let email = mail.email.clone();
            async move { type_in(&mut conn, &email, &wrong).await }
        });
        let tried = tried.await;
        let compared = count(&tried, |answer| matches!(answer, Err(Error::Refused(Refusal::CodeWrong))));
        assert_eq!(compared, usize::try_from(WRONG_CODES).unwrap());
        assert_eq!(count(&tried, |answer| matches!(answer, Err(Error::Limited { .. }))), 32 - compared);
        let arrived = world.at_once(CROWD, |_, mut conn| {
            let (email, code) = (mail.email.clone(), mail.code.clone());
            async move { type_in(&mut conn, &email, &code).await }
        });
        let arrived = arrived.await;
        assert_eq!(count(&arrived, |answer| matches!(answer, Err(Error::Limited { .. }))), CROWD);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_sign_ins_of_one_address_at_once_make_one_account() {
    let world = World::new().await;
    for round in 0..4 {
        let mut mails = Vec::new();
        for browser in 0..CROWD {
            mails.push(mail(&world, &format!("new{round}"), &format!("browser {browser}")).await);
        }
        let arrived = world.at_once(CROWD, |number, mut conn| {
            let token = mails[number].token.clone();
            async move { open(&mut conn, &token, &format!("browser {number}")).await }
        });
        assert_eq!(same(all(arrived.await)).email, email(&format!("new{round}")));
        assert_eq!(world.number("select count(*) from account").await, round + 1);
    }
}
