//! What happens to an Organization, as server-sent events. Events are rows with rising ids, so a reader
//! that comes back says where it was, and any replica can go on. Each is read once a process (`rooms`), however
//! many watch.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::{
    access::Member,
    error::Result,
    ids::OrganizationId,
    jobs::{EVENTS_AT_ONCE, OrganizationEvent},
    organizations::ops::{events_after, member},
};
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::timeout,
};
use tower_sessions::Session;
use ui::server::status;

use crate::{
    App,
    http::session::{read_anew, who},
    wakeups::Changes,
};

mod rooms;

pub use rooms::Rooms;

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Sessions and memberships also end by time, of which nobody is told.
const ASK_AGAIN: Duration = Duration::from_secs(60);

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
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = seen.or(position.after).unwrap_or(0);
    // Asked before the answer begins, so that a stranger gets a status and not a stream.
    let reader = match Reader::new(app, session, id, after).await {
        Ok(reader) => reader,
        Err(error) => return status(&error).into_response(),
    };
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
    /// The last event that waits or was told.
    after: i64,
    events: broadcast::Receiver<Arc<OrganizationEvent>>,
    waiting: VecDeque<Arc<OrganizationEvent>>,
    /// The past may go on after those that wait; it is told before what happens now.
    more: bool,
    /// As it was when the reader was last found to be a member.
    access: Changes,
}

impl Reader {
    async fn new(app: App, session: Session, id: OrganizationId, after: i64) -> Result<Self> {
        let access = app.wakeups.access();
        let (mut conn, member) = admit(&app, &session, id).await?;
        let events = app.rooms.join(&app, &mut conn, id).await?;
        let mut reader =
            Self { app, session, id, after, events, waiting: VecDeque::new(), more: false, access };
        reader.read_on(&mut conn, &member).await?;
        Ok(reader)
    }

    /// The next event; none when the program ends, or when the reader may not read on. A reader whose rights cannot
    /// be read comes back by itself.
    async fn next(&mut self) -> Option<Arc<OrganizationEvent>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.more {
                self.look().await.ok()?;
                continue;
            }
            match timeout(ASK_AGAIN, self.events.recv()).await {
                Ok(Ok(event)) if event.id <= self.after => {}
                Ok(Ok(event)) => {
                    let access = self.app.wakeups.access();
                    if access != self.access || !access.listening {
                        self.look().await.ok()?;
                    } else {
                        self.take(event);
                    }
                }
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Err(RecvError::Lagged(_))) | Err(_) => self.look().await.ok()?,
            }
        }
    }

    fn take(&mut self, event: Arc<OrganizationEvent>) {
        self.after = event.id;
        self.waiting.push_back(event);
    }

    /// Reads on by itself, if the reader is still a member.
    async fn look(&mut self) -> Result<()> {
        self.access = self.app.wakeups.access();
        let (mut conn, member) = admit(&self.app, &self.session, self.id).await?;
        self.read_on(&mut conn, &member).await
    }

    async fn read_on(&mut self, conn: &mut PgConnection, member: &Member) -> Result<()> {
        let events = events_after(conn, member, self.after).await?;
        self.more = events.len() == EVENTS_AT_ONCE;
        events.into_iter().for_each(|event| self.take(Arc::new(event)));
        Ok(())
    }
}

/// A connection, and the proof that whoever is signed in by now is a member.
async fn admit(
    app: &App,
    session: &Session,
    id: OrganizationId,
) -> Result<(PoolConnection<Postgres>, Member)> {
    read_anew(session).await?;
    let mut conn = app.services.pool.acquire().await?;
    let who = who(&mut conn, session).await?;
    let member = member(&mut conn, &who, id).await?;
    Ok((conn, member))
}
