//! Writes an order's Applications to Git and makes its Organization active. Each step is noted before
//! the next begins, and each is safe to repeat: the same order gives the same commits.

use adapters::git::{Branches, CommitMeta, GitError};
use domain::{
    delivery::{self, ApplicationSpec, DeliveryError},
    error::{Error, Result},
    ids::OrderId,
    orders::{self, Order},
    organizations::{
        self,
        ops::{Delivery, Step, advance},
    },
};
use sqlx::PgConnection;

use super::Outcome;
use crate::App;

pub(super) async fn run(app: &App, id: OrderId) -> Outcome {
    match deliver(app, id).await {
        Ok(()) => Outcome::Done,
        Err(outcome) => outcome,
    }
}

async fn deliver(app: &App, id: OrderId) -> std::result::Result<(), Outcome> {
    let mut conn = app.services.pool.acquire().await.map_err(Error::from)?;
    let order = match orders::ops::for_job(&mut conn, id).await {
        Err(Error::NotFound) => return Err(Outcome::GiveUp("there is no such order".to_owned())),
        order => order?,
    };
    let applications = organizations::ops::undelivered(&mut conn, id).await?;
    // No connection is held while Git works.
    drop(conn);
    for application in &applications {
        deliver_one(app, &order, application).await?;
    }
    let mut conn = app.services.pool.acquire().await.map_err(Error::from)?;
    organizations::ops::activate(&mut conn, order.organization_id).await?;
    Ok(())
}

async fn deliver_one(app: &App, order: &Order, application: &Delivery) -> std::result::Result<(), Outcome> {
    let (organization, slug) = (&order.organization_slug, &application.slug);
    step(app, order, application, Step::Delivering).await?;
    let branches = branches(order, application, &app.services.apps_domain).map_err(|error| match error {
        DeliveryError::NotDeployable(_) | DeliveryError::Invalid { .. } | DeliveryError::Yaml(_) => {
            Outcome::GiveUp(format!("{slug}: {error}"))
        }
    })?;
    let meta = commit_meta(order, application);
    let delivered = app.adapters.git.deliver(organization, slug, &meta, &branches).await.map_err(
        |error| match error {
            GitError::Invalid { .. } | GitError::Conflict(_) => Outcome::GiveUp(format!("{slug}: {error}")),
            GitError::MissingGit | GitError::Failed { .. } | GitError::Io { .. } => {
                Outcome::Retry(format!("{slug}: {error}"))
            }
        },
    )?;
    let repository = format!("{organization}/{slug}.git");
    let committed = Step::Committed { repository: &repository, commit_id: &delivered.main_commit };
    step(app, order, application, committed).await?;
    Ok(())
}

async fn step(app: &App, order: &Order, application: &Delivery, step: Step<'_>) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    advance(&mut conn, order.organization_id, application.application_id, &application.slug, step).await
}

/// The files of an Application's three branches: a function of the order and nothing else.
pub fn branches(
    order: &Order,
    application: &Delivery,
    apps_domain: &str,
) -> std::result::Result<Branches, DeliveryError> {
    let spec = ApplicationSpec {
        organization_slug: order.organization_slug.clone(),
        organization_name: order.organization_name.clone(),
        app_slug: application.slug.clone(),
        app_name: application.name.clone(),
        blueprint_version: application.blueprint_version.clone(),
        plan_slug: order.plan.clone(),
        ram_mb: application.ram_mb,
        cpu_milli: application.cpu_milli,
        disk_gb: application.disk_gb,
        domain: apps_domain.to_owned(),
    };
    Ok(Branches { branches: delivery::branches(&spec)? })
}

/// By the platform, for the customer, at the time of the order and under its id: a repeat gives the
/// same commits.
pub fn commit_meta(order: &Order, application: &Delivery) -> CommitMeta {
    let name = order.email.split('@').next().unwrap_or_default().to_owned();
    CommitMeta {
        author_name: "Catalyst".to_owned(),
        author_email: "platform@catalyst.invalid".to_owned(),
        co_author: Some((name, order.email.clone())),
        job_id: order.order_id.to_string(),
        time: order.created_at,
        message: format!("Install {} for {}", application.name, order.organization_name),
    }
}

/// Tells people that an order will not be delivered. Safe to repeat.
pub(super) async fn give_up(conn: &mut PgConnection, id: OrderId, problem: &str) -> Result<()> {
    let order = match orders::ops::for_job(conn, id).await {
        Err(Error::NotFound) => return Ok(()),
        order => order?,
    };
    for application in organizations::ops::undelivered(conn, id).await? {
        let failed = Step::Failed { problem };
        advance(conn, order.organization_id, application.application_id, &application.slug, failed).await?;
    }
    organizations::ops::fail(conn, order.organization_id).await
}
