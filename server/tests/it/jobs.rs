//! Work after the commit: from the order to Git, whatever happens in between.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use catalyst::jobs::{
    KINDS,
    deliver_order::{branches, commit_meta},
};
use domain::{
    access::{PlatformRole, Worker},
    ids::OrderId,
    jobs::{self, Wanted},
    orders,
    organizations::ops::{Step, advance, undelivered},
};
use http::StatusCode;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    sign_in::{sign_in, submit},
    world::{World, order_for},
};

/// An order that waits to be delivered.
async fn ordered(world: &World, slug: &str) -> OrderId {
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let reply = customer.order("key-1", &order_for(slug, Some("WELCOME"))).await.expect(StatusCode::OK);
    reply.json()["order_id"].as_str().unwrap().parse().unwrap()
}

async fn state(world: &World) -> (String, String) {
    let row: (String, String) = sqlx::query_as(
        "select organization.state, application.state from application join organization using (organization_id)",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    row
}

async fn make_due(world: &World) {
    world.execute("update job set run_after = now() where state = 'queued'").await;
}

async fn heads(world: &World, organization: &str) -> Vec<Option<String>> {
    let mut heads = Vec::new();
    for branch in ["develop", "staging", "main"] {
        heads.push(world.app.adapters.git.head(organization, "wordpress", branch).await.unwrap());
    }
    heads
}

#[tokio::test]
async fn an_order_ends_in_git_and_in_a_receipt() {
    let world = World::new().await;
    ordered(&world, "al-noor").await;
    assert_eq!(state(&world).await, ("provisioning".to_owned(), "queued".to_owned()));
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()));
    let heads = heads(&world, "al-noor").await;
    assert!(heads.iter().all(Option::is_some), "{heads:?}");
    let kept: (String, String, String, String) = sqlx::query_as(
        "select repository_provider, repository_owner, repository_name, commit_id from application",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    let [provider, owner, name] = ["local", "al-noor", "wordpress"].map(str::to_owned);
    assert_eq!(kept, (provider, owner, name, heads[2].clone().unwrap()));
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to == "sara@example.om" && mails[0].text.contains("5.000"), "{}", mails[0].text);
    assert!(mails[0].html.contains("dir=\"rtl\""));
    let told = "select count(*) from event where subject_kind = 'organization'";
    assert_eq!(world.number(told).await, 3);
    let told = "select count(*) from event where subject_kind = 'order'";
    assert_eq!(world.number(told).await, 2);
}

#[tokio::test]
async fn a_stop_after_any_step_ends_in_the_same_state() {
    for stop_after in ["nothing", "delivering", "git", "committed"] {
        let world = World::new().await;
        let id = ordered(&world, "al-noor").await;
        let worker = Worker::in_a_test();
        let mut conn = world.app.services.pool.acquire().await.unwrap();
        let order = orders::ops::for_job(&worker, &mut conn, id).await.unwrap();
        let application = undelivered(&worker, &mut conn, id).await.unwrap().remove(0);
        let step = async |conn: &mut sqlx::PgConnection, step| {
            advance(&worker, conn, order.organization_id, id, &application, step).await.unwrap();
        };
        if stop_after != "nothing" {
            step(&mut conn, Step::Delivering).await;
        }
        if matches!(stop_after, "git" | "committed") {
            let files = branches(&order, &application, &world.app.services.apps_domain).unwrap();
            let meta = commit_meta(&order, &application);
            let git = &world.app.adapters.git;
            let delivered = git.deliver("al-noor", "wordpress", &meta, &files).await.unwrap();
            if stop_after == "committed" {
                let (repository, commit_id) = (&delivered.repository, &delivered.main_commit);
                step(&mut conn, Step::Committed { repository, commit_id }).await;
            }
        }
        drop(conn);
        world.run_jobs().await;
        assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()), "{stop_after}");
        assert!(heads(&world, "al-noor").await.iter().all(Option::is_some), "{stop_after}");
        // Everything was told once.
        let twice = "select count(*) from (select from event group by subject_kind, kind, payload having count(*) > 1) twice";
        assert_eq!(world.number(twice).await, 0, "{stop_after}");
    }
}

#[tokio::test]
async fn git_that_fails_is_tried_again_and_people_see_that_it_waits() {
    let mut world = World::new().await;
    ordered(&world, "al-noor").await;
    // A file stands where the folder of repositories would be.
    let root = world.app.config.git_root.clone();
    std::fs::write(&root, "in the way").unwrap();
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("provisioning".to_owned(), "delivering".to_owned()));
    assert_eq!(
        world.number("select count(*) from job where state = 'queued' and last_error is not null").await,
        1
    );
    std::fs::remove_file(&root).unwrap();
    make_due(&world).await;
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()));

    // The last try fails: nobody waits for ever.
    let customer = world.customer("ali@example.om").await;
    customer.order("key-2", &order_for("al-fajr", Some("WELCOME"))).await.expect(StatusCode::OK);
    std::fs::write(root.join("al-fajr"), "in the way").unwrap();
    world.run_jobs().await;
    last_try(&world).await;
    let failed = "select count(*) from organization where slug = 'al-fajr' and state = 'failed'";
    assert_eq!(world.number(failed).await, 1);
    world.abandon_jobs();
}

/// Of an order.
fn tries() -> i32 {
    KINDS.iter().find(|kind| kind.name == "deliver_order").unwrap().tries
}

/// Spends all tries of the orders that wait.
async fn last_try(world: &World) {
    world.execute(&format!("update job set attempts = {} where state = 'queued'", tries() - 1)).await;
    make_due(world).await;
    world.run_jobs().await;
}

#[tokio::test]
async fn what_was_given_up_is_sent_once_more_by_its_manager_or_a_superadmin() {
    let world = World::new().await;
    ordered(&world, "al-noor").await;
    let root = world.app.config.git_root.clone();
    std::fs::write(&root, "in the way").unwrap();
    let fails = async || {
        world.run_jobs().await;
        last_try(&world).await;
        assert_eq!(state(&world).await, ("failed".to_owned(), "failed".to_owned()));
    };
    fails().await;
    let id: String = sqlx::query_scalar("select organization_id::text from organization")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let fields = [("organization", id.as_str())];
    let (retry, retry_for) = ("/do/organizations/retry", "/do/admin/organizations/retry");

    let mut stranger = sign_in(&world, "ali@example.om").await;
    submit(&mut stranger, "/console", retry, &fields).await.expect(StatusCode::NOT_FOUND);
    let mut member = sign_in(&world, "sara@example.om").await;
    submit(&mut member, "/console", retry_for, &fields).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(state(&world).await, ("failed".to_owned(), "failed".to_owned()));
    assert!(member.get("/console").await.text().contains(retry));
    // Two clicks are one job.
    for _ in 0..2 {
        submit(&mut member, "/console", retry, &fields).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(state(&world).await, ("provisioning".to_owned(), "queued".to_owned()));
    }
    assert_eq!(world.number("select count(*) from job where kind = 'deliver_order'").await, 2);
    fails().await;

    world.staff("root@sovereign.om", PlatformRole::Superadmin).await;
    let mut superadmin = sign_in(&world, "root@sovereign.om").await;
    assert!(superadmin.get("/admin/tenants").await.text().contains(retry_for));
    std::fs::remove_file(&root).unwrap();
    submit(&mut superadmin, "/admin/tenants", retry_for, &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(world.number("select count(*) from audit_event where action = 'delivery.retry'").await, 1);
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()));
    assert!(!member.get("/console").await.text().contains(retry));
}

#[tokio::test]
async fn somebody_elses_repository_is_not_overwritten() {
    let world = World::new().await;
    let id = ordered(&world, "al-noor").await;
    let worker = Worker::in_a_test();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let order = orders::ops::for_job(&worker, &mut conn, id).await.unwrap();
    let mut application = undelivered(&worker, &mut conn, id).await.unwrap().remove(0);
    drop(conn);
    application.apps_domain = Some("another.example.om".to_owned());
    let files = branches(&order, &application, "").unwrap();
    let git = &world.app.adapters.git;
    let theirs =
        git.deliver("al-noor", "wordpress", &commit_meta(&order, &application), &files).await.unwrap();
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("failed".to_owned(), "failed".to_owned()));
    assert_eq!(heads(&world, "al-noor").await[2], Some(theirs.main_commit));
}

#[tokio::test]
async fn two_workers_share_the_jobs_and_each_is_done_once() {
    let world = World::new().await;
    ordered(&world, "al-noor").await;
    let (one, two) = (world.app.clone(), world.app.clone());
    let (one, two) = tokio::join!(catalyst::jobs::run_until_idle(&one), catalyst::jobs::run_until_idle(&two));
    one.unwrap();
    two.unwrap();
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()));
    assert_eq!(world.mails().len(), 1);
    assert_eq!(world.number("select count(*) from job where attempts <> 1").await, 0);
}

#[tokio::test]
async fn who_fell_silent_has_no_say_any_more() {
    let world = World::new().await;
    ordered(&world, "al-noor").await;
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    jobs::dispatch(&mut conn, false).await.unwrap();
    let wanted = ["deliver_order", "order_mail"].map(|kind| Wanted { kind, lease_seconds: 60 });
    let silent = jobs::claim(&mut conn, &wanted).await.unwrap().expect("a job");
    world.execute("update job set lease_until = now() - interval '1 second' where state = 'running'").await;
    let next = jobs::claim(&mut conn, &wanted).await.unwrap().expect("the same job or the other");
    let taken_over = if next.job_id == silent.job_id {
        next
    } else {
        jobs::claim(&mut conn, &wanted).await.unwrap().unwrap()
    };
    assert_eq!((taken_over.job_id, taken_over.attempt), (silent.job_id, 2));
    assert!(!jobs::extend(&mut conn, &silent, 60).await.unwrap());
    assert!(!jobs::complete(&mut conn, &silent).await.unwrap());
    assert!(jobs::extend(&mut conn, &taken_over, 60).await.unwrap());
    world.execute("update job set lease_until = now() - interval '1 second' where state = 'running'").await;
    drop(conn);
    world.run_jobs().await;
    assert_eq!(state(&world).await, ("active".to_owned(), "committed".to_owned()));
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_time_only() {
    let mut world = World::with(&[("CATALYST_SMTP_URL", "smtp://127.0.0.1:9")]).await;
    let mut browser = world.browser();
    browser.post("/sign-in", &[("email", "sara@example.om")]).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    let waiting = "select count(*) from job where state = 'queued' and last_error = 'the mail was not sent'";
    assert_eq!(world.number(waiting).await, 1);
    world.abandon_jobs();
}

/// A mail server that answers each recipient with `answer`.
async fn mail_server(answer: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 mail.example.om\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    let said = if line.starts_with("RCPT") { answer } else { "250 fine" };
                    if write.write_all(format!("{said}\r\n").as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_sent_again_and_one_for_now_is() {
    for (answer, state) in
        [("550 no such mailbox", "failed"), ("451 try later", "queued"), ("530 sign in", "queued")]
    {
        let mut world = World::with(&[("CATALYST_SMTP_URL", &mail_server(answer).await)]).await;
        world.browser().post("/sign-in", &[("email", "sara@example.om")]).await.expect(StatusCode::SEE_OTHER);
        world.run_jobs().await;
        let ended = format!(
            "select count(*) from job where kind = 'sign_in_mail' and attempts = 1 and state = '{state}'"
        );
        assert_eq!(world.number(&ended).await, 1, "{answer}");
        world.abandon_jobs();
    }
}

#[tokio::test]
async fn a_job_of_a_kind_that_this_program_does_not_know_waits_for_one_that_does() {
    let mut world = World::new().await;
    world
        .execute(
            "insert into job (job_id, kind, dedupe_key, payload) values
                 (gen_random_uuid(), 'from_the_future', '1', '{}'), (gen_random_uuid(), 'deliver_order', '1', '{}')",
        )
        .await;
    world.run_jobs().await;
    let untouched =
        "select count(*) from job where kind = 'from_the_future' and state = 'queued' and attempts = 0";
    assert_eq!(world.number(untouched).await, 1);
    // One that it knows by name and cannot read is given up, and says so.
    let given_up = "select count(*) from job where kind = 'deliver_order' and state = 'failed'
        and last_error like 'the payload is not understood%'";
    assert_eq!(world.number(given_up).await, 1);
    world.abandon_jobs();
}

#[tokio::test]
async fn a_kind_that_hangs_takes_no_other_kinds_place() {
    // A mail server that takes calls and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = format!("smtp://{}", silent.local_addr().unwrap());
    let settings = [("CATALYST_SMTP_URL", smtp.as_str()), ("CATALYST_DATABASE_CONNECTIONS", "4")];
    let mut world = World::with(&settings).await;
    world.abandon_jobs();
    for number in 0..12 {
        let email = format!("c{number}@example.om");
        world.browser().post("/sign-in", &[("email", &email)]).await.expect(StatusCode::SEE_OTHER);
    }
    let worker = tokio::spawn(catalyst::jobs::run(world.app.clone()));
    let running = "select count(*) from job where state = 'running'";
    while world.number(running).await < 4 {
        sleep(Duration::from_millis(20)).await;
    }
    ordered(&world, "al-noor").await;
    let delivered = async {
        while state(&world).await.0 != "active" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), delivered).await.expect("the order is delivered");
    worker.abort();
}

/// A worker whose Git never ends, with the process that it has begun.
async fn hanging_delivery(world: &World) -> (JoinHandle<()>, PathBuf) {
    let folder = &world.app.config.data_dir;
    let (program, started) = (folder.join("hanging-git"), folder.join("started"));
    std::fs::write(&program, format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", started.display()))
        .unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut app = world.app.clone();
    app.adapters.git =
        std::sync::Arc::new(adapters::git::LocalGitStore::with_program(&app.config.git_root, &program));
    let worker = tokio::spawn(catalyst::jobs::run(app));
    while !std::fs::read_to_string(&started).is_ok_and(|process| process.ends_with('\n')) {
        sleep(Duration::from_millis(20)).await;
    }
    let process = std::fs::read_to_string(&started).unwrap();
    let process = Path::new("/proc").join(process.trim());
    assert!(process.exists());
    (worker, process)
}

async fn ended(process: &Path) {
    let gone = async {
        while std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), gone).await.expect("git ended with the try");
}

#[tokio::test]
async fn a_delivery_ends_with_the_lease_of_its_job() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    world.abandon_jobs();
    ordered(&world, "al-noor").await;
    let (worker, process) = hanging_delivery(&world).await;
    // Another worker took the job over: the next renewal finds out.
    world.execute("update job set lease_token = gen_random_uuid() where kind = 'deliver_order'").await;
    ended(&process).await;
    worker.abort();
}

#[tokio::test]
async fn a_program_that_ends_during_the_last_try_of_an_order_does_not_fail_it() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    world.abandon_jobs();
    ordered(&world, "al-noor").await;
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    jobs::dispatch(&mut conn, false).await.unwrap();
    drop(conn);
    let before = tries() - 1;
    world.execute(&format!("update job set attempts = {before} where kind = 'deliver_order'")).await;
    let (worker, process) = hanging_delivery(&world).await;
    world.shut_down();
    worker.await.unwrap();
    ended(&process).await;
    let attempts = "select attempts::bigint from job where kind = 'deliver_order' and state = 'queued'";
    assert_eq!(world.number(attempts).await, i64::from(before));
    assert_eq!(state(&world).await, ("provisioning".to_owned(), "delivering".to_owned()));
}
