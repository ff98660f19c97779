//! What happened, by what it happened to: rows with rising ids, which whoever watches reads on from where they were.
//! The stream of a browser is in `server/src/web/browser/event_stream.rs`. Table: event.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    db::SWEPT_AT_ONCE,
    error::Result,
    ids::{OrderId, OrganizationId},
};

/// How many events one read gives at most; as many may mean that there are more.
pub const EVENTS_AT_ONCE: usize = 200;

/// What something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Organization(OrganizationId),
    Order(OrderId),
}

impl Subject {
    /// The name in the column and in the database's notifications.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Organization(_) => "organization",
            Self::Order(_) => "order",
        }
    }

    pub const fn id(&self) -> Uuid {
        match self {
            Self::Organization(id) => id.0,
            Self::Order(id) => id.0,
        }
    }

    /// The subject that a notification of the database names.
    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "organization" => Some(Self::Organization(OrganizationId(id))),
            "order" => Some(Self::Order(OrderId(id))),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Rises within the installation; readers ask for what comes after the last that they saw.
    pub id: i64,
    pub kind: String,
    pub payload: Value,
}

/// Writes an event, in the caller's transaction. Whoever writes holds a lock of the subject, so that ids rise in the
/// order of commits.
pub(crate) async fn record(
    conn: &mut PgConnection,
    subject: Subject,
    kind: &str,
    payload: &Value,
) -> Result<()> {
    sqlx::query!(
        "insert into event (subject_kind, subject_id, kind, payload) values ($1, $2, $3, $4)",
        subject.kind(),
        subject.id(),
        kind,
        payload,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The next events after `after`, oldest first. Whoever tells them asks first who may be told.
pub async fn after(conn: &mut PgConnection, subject: Subject, after: i64) -> Result<Vec<Event>> {
    Ok(sqlx::query_as!(
        Event,
        "select event_id as id, kind, payload from event
         where subject_kind = $1 and subject_id = $2 and event_id > $3 order by event_id limit $4",
        subject.kind(),
        subject.id(),
        after,
        EVENTS_AT_ONCE as i64,
    )
    .fetch_all(conn)
    .await?)
}

/// The id of the subject's newest event; 0 if there is none.
pub async fn newest(conn: &mut PgConnection, subject: Subject) -> Result<i64> {
    let newest = sqlx::query_scalar!(
        r#"select coalesce(max(event_id), 0) as "newest!" from event where subject_kind = $1 and subject_id = $2"#,
        subject.kind(),
        subject.id(),
    );
    Ok(newest.fetch_one(conn).await?)
}

/// Deletes what happened more than thirty days ago: whoever watches has long read on.
pub async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from event where event_id in (
             select event_id from event where created_at < now() - interval '30 days' limit $1)",
        SWEPT_AT_ONCE,
    )
    .execute(conn)
    .await?;
    Ok(swept.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_its_subject() {
        for subject in [Subject::Organization(OrganizationId::new()), Subject::Order(OrderId::new())] {
            assert_eq!(Subject::from_parts(subject.kind(), subject.id()), Some(subject));
        }
        assert_eq!(Subject::from_parts("jobs", Uuid::nil()), None);
    }
}
