//! Organizations, under the path that they were called by before.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use domain::{
    access::Scope,
    error::{Error, Problem},
    ids::OrganizationId,
    organizations::{self, Application, ApplicationState, Organization, OrganizationState},
    services::Services,
    text::Slug,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    error::{ErrorBody, Failure},
    paging::{Listed, Paging},
};

const PAGE: i64 = 50;

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new().routes(routes!(mine)).routes(routes!(one)).routes(routes!(check_slug))
}

#[derive(Serialize, ToSchema)]
struct OrganizationBody {
    id: Uuid,
    slug: String,
    name: String,
    #[schema(value_type = String, example = "active")]
    status: OrganizationState,
    /// The plan's slug.
    plan: String,
    apps: Vec<ApplicationBody>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct ApplicationBody {
    id: Uuid,
    slug: String,
    name: String,
    /// `committed` is the end: the repository is there, and Flux takes over.
    #[schema(value_type = String, example = "committed")]
    state: ApplicationState,
    /// `<organization>/<app>.git` under the Git root, once it is there.
    repository: Option<String>,
    commit: Option<String>,
}

impl From<Organization> for OrganizationBody {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.organization_id.0,
            slug: organization.slug,
            name: organization.name,
            status: organization.state,
            plan: organization.plan,
            apps: organization.applications.into_iter().map(Into::into).collect(),
            created_at: organization.created_at,
        }
    }
}

impl From<Application> for ApplicationBody {
    fn from(application: Application) -> Self {
        Self {
            id: application.application_id.0,
            slug: application.slug,
            name: application.name,
            state: application.state,
            repository: application.repository.map(|repository| repository.to_string()),
            commit: application.commit_id,
        }
    }
}

/// The Organizations that the caller belongs to, the newest first, 50 a page
#[utoipa::path(
    get, path = "/tenant/orgs", tag = "organizations", params(Paging),
    responses(
        (status = 200, body = Vec<OrganizationBody>, headers(("Link" = String, description = "The next page, `rel=\"next\"`; absent after the last"))),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = []), ("session" = [])),
)]
async fn mine(
    State(services): State<Arc<Services>>,
    caller: Caller,
    paging: Paging,
) -> Listed<Vec<OrganizationBody>> {
    let mut conn = services.pool.acquire().await?;
    let actor = caller.actor(&mut conn, Scope::Orders).await?;
    let mine = organizations::ops::mine(&actor, &mut conn, &paging.read(PAGE)?).await?;
    Ok(paging.answer(mine))
}

/// One Organization with its Applications; somebody else's is not found
#[utoipa::path(
    get, path = "/tenant/orgs/{id}", tag = "organizations", params(("id" = String, Path)),
    responses((status = 200, body = OrganizationBody), (status = "4XX", body = ErrorBody)),
    security(("bearer" = []), ("session" = [])),
)]
async fn one(
    State(services): State<Arc<Services>>,
    caller: Caller,
    path: Result<Path<OrganizationId>, PathRejection>,
) -> Answer<OrganizationBody> {
    let mut conn = services.pool.acquire().await?;
    let actor = caller.actor(&mut conn, Scope::Orders).await?;
    // What is not an id is nobody's Organization.
    let Path(id) = path.map_err(|_| Error::NotFound)?;
    let member = organizations::ops::member(&actor, &mut conn, id).await?;
    Ok(Json(organizations::ops::one(&member, &mut conn).await?.into()))
}

#[derive(Serialize, ToSchema)]
struct SlugBody {
    available: bool,
    /// `taken` or `reserved`, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Whether an Organization may still be called so
#[utoipa::path(
    get, path = "/tenant/check-slug/{slug}", tag = "organizations", params(("slug" = String, Path)),
    responses(
        (status = 200, body = SlugBody),
        (status = 422, description = "Not a slug at all", body = ErrorBody),
        (status = "4XX", body = ErrorBody),
    ),
)]
async fn check_slug(
    State(services): State<Arc<Services>>,
    path: Result<Path<String>, PathRejection>,
) -> Answer<SlugBody> {
    let Path(text) = path.map_err(|_| Failure::bad_request("not_utf8", "slug is not UTF-8").at("slug"))?;
    let reason = match Slug::parse(&text) {
        Err(Problem::Reserved) => Some("reserved"),
        Err(problem) => return Err(Error::invalid("slug", problem).into()),
        Ok(slug) => {
            let mut conn = services.pool.acquire().await?;
            let free = organizations::ops::slug_is_free(&mut conn, &slug).await?;
            (!free).then_some("taken")
        }
    };
    Ok(Json(SlugBody { available: reason.is_none(), reason }))
}
