//! Work after the commit: from the order to Git, whatever happens in between.

use catalyst::jobs::deliver_order::{branches, commit_meta};
use domain::{
    access::Worker,
    ids::OrderId,
    jobs::{self, Wanted},
    orders,
    organizations::ops::{Step, advance, undelivered},
};
use http::StatusCode;

use crate::world::{World, order_for};

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
    world.execute("update job set attempts = 19 where state = 'queued'").await;
    make_due(&world).await;
    world.run_jobs().await;
    let failed = "select count(*) from organization where slug = 'al-fajr' and state = 'failed'";
    assert_eq!(world.number(failed).await, 1);
    world.abandon_jobs();
}

#[tokio::test]
async fn somebody_elses_repository_is_not_overwritten() {
    let world = World::new().await;
    let id = ordered(&world, "al-noor").await;
    let worker = Worker::in_a_test();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let order = orders::ops::for_job(&worker, &mut conn, id).await.unwrap();
    let application = undelivered(&worker, &mut conn, id).await.unwrap().remove(0);
    drop(conn);
    let files = branches(&order, &application, "another.example.om").unwrap();
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
async fn a_mail_server_that_is_away_costs_time_and_no_secret() {
    let mut world = World::with(&[("CATALYST_SMTP_URL", "smtp://127.0.0.1:9")]).await;
    let mut browser = world.browser();
    browser.post("/sign-in", &[("email", "sara@example.om")]).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    let waiting = "select count(*) from job where state = 'queued' and last_error = 'the mail was not sent'";
    assert_eq!(world.number(waiting).await, 1);
    world.abandon_jobs();
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
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    ordered(&world, "al-noor").await;
    let delivered = async {
        while state(&world).await.0 != "active" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(15), delivered)
        .await
        .expect("the order is delivered");
    worker.abort();
}

#[tokio::test]
async fn a_delivery_ends_with_the_lease_of_its_job() {
    let mut world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    world.abandon_jobs();
    let folder = &world.app.config.data_dir;
    let (program, started) = (folder.join("hanging-git"), folder.join("started"));
    std::fs::write(&program, format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", started.display()))
        .unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut app = world.app.clone();
    app.adapters.git =
        std::sync::Arc::new(adapters::git::LocalGitStore::with_program(&app.config.git_root, &program));
    ordered(&world, "al-noor").await;
    let worker = tokio::spawn(catalyst::jobs::run(app));
    while !std::fs::read_to_string(&started).is_ok_and(|process| process.ends_with('\n')) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let process = std::fs::read_to_string(&started).unwrap();
    let process = std::path::Path::new("/proc").join(process.trim());
    assert!(process.exists());
    // Another worker took the job over: the next renewal finds out.
    world.execute("update job set lease_token = gen_random_uuid() where kind = 'deliver_order'").await;
    let gone = async {
        while std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(40), gone).await.expect("git ended with the lease");
    worker.abort();
}
