//! What happens to an Organization, as server-sent events. Events are rows with rising ids, so a reader
//! that comes back says where it was, and any replica can go on.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Path, Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::{
    error::{Error, Result},
    ids::OrganizationId,
    jobs::OrganizationEvent,
    organizations,
};
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use tokio::sync::watch;
use tower_sessions::Session;
use ui::server::status;

use crate::{
    App,
    http::session::{read_anew, who},
    wakeups::{Topic, woken},
};

const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub struct Position {
    after: Option<i64>,
}

/// GET /console/organizations/{id}/events, for members. Begins after `Last-Event-ID` or `?after=`.
pub async fn organization(
    State(app): State<App>,
    session: Session,
    Path(id): Path<OrganizationId>,
    Query(position): Query<Position>,
    headers: HeaderMap,
) -> Response {
    let wakeups = app.wakeups.subscribe(Topic::Organizations);
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = seen.or(position.after).unwrap_or(0);
    let mut reader = Reader { app, session, id, after, wakeups, waiting: VecDeque::new() };
    // Asked before the answer begins, so that a stranger gets a status and not a stream.
    if let Err(error) = reader.look().await {
        return status(&error).into_response();
    }
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(write(&event)), reader))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn write(event: &OrganizationEvent) -> Event {
    Event::default().id(event.id.to_string()).event(&event.kind).data(event.payload.to_string())
}

struct Reader {
    app: App,
    session: Session,
    id: OrganizationId,
    after: i64,
    wakeups: watch::Receiver<()>,
    waiting: VecDeque<OrganizationEvent>,
}

impl Reader {
    /// The next event; none when the program ends, or when the reader may not read on.
    async fn next(&mut self) -> Option<OrganizationEvent> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.after = event.id;
                return Some(event);
            }
            let mut wakeups = self.wakeups.clone();
            tokio::select! {
                () = woken(&mut wakeups) => {}
                () = self.app.ended() => return None,
            }
            self.wakeups = wakeups;
            match self.look().await {
                // The reader comes back by itself, and the database perhaps too.
                Err(Error::Unavailable { .. } | Error::Internal) | Ok(()) => {}
                Err(_) => return None,
            }
        }
    }

    /// Reads on, if the reader is still a member. The session is read anew, as it may have been ended.
    async fn look(&mut self) -> Result<()> {
        self.wakeups.mark_unchanged();
        let mut conn = self.app.services.pool.acquire().await?;
        let who = who(&mut conn, &self.session).await?;
        let member = organizations::ops::member(&mut conn, &who, self.id).await?;
        let events = organizations::ops::events_after(&mut conn, &member, self.after).await?;
        drop(conn);
        if !events.is_empty() {
            read_anew(&self.session).await?;
            self::who(&mut *self.app.services.pool.acquire().await?, &self.session).await?;
        }
        self.waiting.extend(events);
        Ok(())
    }
}
