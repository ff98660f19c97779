//! Writes an order's Applications to Git and makes its Organization active. Each step is noted before
//! the next begins, and each is safe to repeat: the same order gives the same commits.

use adapters::git::{Branches, CommitMeta, GitError};
use domain::{
    access::Worker,
    delivery::{self, ApplicationSpec, DeliveryError},
    error::{Error, Result},
    ids::OrderId,
    jobs::DeliverOrder,
    orders::{self, Order, OrderState},
    organizations::{
        self, Delivery,
        ops::{Step, advance},
    },
};
use sqlx::PgConnection;

use super::background_job::{BackgroundJob, Outcome};
use crate::app::App;

impl BackgroundJob for DeliverOrder {
    const SLOTS: usize = 4;
    /// For three days: somebody has paid, and has to be told of a failure.
    const TRIES: i32 = 440;

    async fn run(&self, app: &App, worker: &Worker) -> Outcome {
        match deliver(worker, app, self.order_id).await {
            Ok(()) => Outcome::Done,
            Err(outcome) => outcome,
        }
    }

    async fn give_up(&self, worker: &Worker, conn: &mut PgConnection, problem: &str) -> Result<()> {
        organizations::ops::give_up(worker, conn, self.order_id, problem).await
    }
}

async fn deliver(worker: &Worker, app: &App, id: OrderId) -> std::result::Result<(), Outcome> {
    let mut conn = app.services.pool.acquire().await.map_err(Error::from)?;
    let order = match orders::ops::for_job(worker, &mut conn, id).await {
        Err(Error::NotFound) => return Err(Outcome::GiveUp("there is no such order".to_owned())),
        order => order?,
    };
    if OrderState::from_name(&order.state) == Some(OrderState::Refunded) {
        return Err(Outcome::GiveUp("the credit of the order was returned".to_owned()));
    }
    let applications = organizations::ops::undelivered(worker, &mut conn, id).await?;
    // No connection is held while Git works.
    drop(conn);
    for application in &applications {
        deliver_one(worker, app, &order, application).await?;
    }
    let mut conn = app.services.pool.acquire().await.map_err(Error::from)?;
    organizations::ops::activate(worker, &mut conn, order.organization_id).await?;
    Ok(())
}

async fn deliver_one(
    worker: &Worker,
    app: &App,
    order: &Order,
    application: &Delivery,
) -> std::result::Result<(), Outcome> {
    let (organization, slug) = (&order.organization_slug, &application.slug);
    note(worker, app, order, application, Step::Delivering).await?;
    let branches = branches(order, application, &app.services.apps_domain).map_err(|error| match error {
        DeliveryError::NotDeployable(_) | DeliveryError::Invalid { .. } | DeliveryError::Yaml(_) => {
            Outcome::GiveUp(format!("{slug}: {error}"))
        }
    })?;
    let meta = commit_meta(order, application);
    let delivered = app.adapters.git.deliver(organization, slug, &meta, &branches).await.map_err(
        |error| match error {
            GitError::Retry(_) => Outcome::Retry(format!("{slug}: {error}")),
            GitError::Permanent(_) | GitError::Conflict(_) => Outcome::GiveUp(format!("{slug}: {error}")),
        },
    )?;
    let committed = Step::Committed { repository: &delivered.repository, commit_id: &delivered.main_commit };
    note(worker, app, order, application, committed).await?;
    Ok(())
}

async fn note(
    worker: &Worker,
    app: &App,
    order: &Order,
    application: &Delivery,
    step: Step<'_>,
) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    advance(worker, &mut conn, order.organization_id, order.order_id, application, step).await
}

/// The files of an Application's three branches: a function of what was ordered and nothing else. `configured_domain`
/// is for what was ordered before the domain was noted.
pub fn branches(
    order: &Order,
    application: &Delivery,
    configured_domain: &str,
) -> std::result::Result<Branches, DeliveryError> {
    let domain = application.apps_domain.as_deref().unwrap_or(configured_domain);
    let spec = ApplicationSpec {
        organization_slug: order.organization_slug.clone(),
        organization_name: application.organization_name.clone(),
        app_slug: application.slug.clone(),
        app_name: application.name.clone(),
        blueprint_version: application.blueprint_version.clone(),
        plan_slug: application.plan.clone(),
        ram_mb: application.ram_mb,
        cpu_milli: application.cpu_milli,
        disk_gb: application.disk_gb,
        domain: domain.to_owned(),
    };
    Ok(Branches { branches: delivery::branches(&spec)? })
}

/// By the platform, for the customer, at the time of the order and under its id: a repeat gives the
/// same commits.
pub fn commit_meta(order: &Order, application: &Delivery) -> CommitMeta {
    let buyer = &application.ordered_by;
    let name = buyer.split('@').next().unwrap_or_default().to_owned();
    CommitMeta {
        author_name: "Catalyst".to_owned(),
        author_email: "platform@catalyst.invalid".to_owned(),
        co_author: Some((name, buyer.clone())),
        job_id: order.order_id.to_string(),
        time: order.created_at,
        message: format!("Install {} for {}", application.name, application.organization_name),
    }
}
