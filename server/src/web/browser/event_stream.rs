//! What happens to an Organization or an order, as server-sent events. Events are rows with rising ids, so a reader
//! that comes back says where it was, and any replica can go on. Each is read once a process (`hub`), however
//! many watch.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event as Line, KeepAlive, Sse},
    },
};
use domain::{
    access::{Buyer, Member, Origin},
    error::{Error, Result},
    events::{EVENTS_AT_ONCE, Event, Subject},
    ids::{OrderId, OrganizationId},
    orders, organizations,
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
use ui::{server::status, session::actor};

use crate::{wakeups::Changes, web::layers::session::reload};

mod hub;

pub use hub::EventHub;

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Sessions and memberships also end by time, of which nobody is told.
const ASK_AGAIN: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
pub struct Position {
    after: Option<i64>,
}

/// Who reads, and from where.
type Asked = (Session, Extension<Origin>, Query<Position>, HeaderMap);

/// GET /console/organizations/{id}/events, for members. Begins after `Last-Event-ID` or `?after=`.
pub async fn organization(
    State(hub): State<EventHub>,
    Path(id): Path<OrganizationId>,
    asked: Asked,
) -> Response {
    answer(hub, Subject::Organization(id), asked).await
}

/// GET /orders/{id}/events, for whoever placed the order.
pub async fn order(State(hub): State<EventHub>, Path(id): Path<OrderId>, asked: Asked) -> Response {
    answer(hub, Subject::Order(id), asked).await
}

async fn answer(hub: EventHub, subject: Subject, asked: Asked) -> Response {
    let (session, Extension(origin), Query(position), headers) = asked;
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = seen.or(position.after).unwrap_or(0);
    // Asked before the answer begins, so that a stranger gets a status and not a stream.
    let reader = match Reader::new(hub, session, origin, subject, after).await {
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

fn write(event: &Event) -> Line {
    Line::default().id(event.id.to_string()).event(&event.kind).data(event.payload.to_string())
}

struct Reader {
    hub: EventHub,
    session: Session,
    origin: Origin,
    subject: Subject,
    /// The last event that waits or was told.
    after: i64,
    events: broadcast::Receiver<Arc<Event>>,
    waiting: VecDeque<Arc<Event>>,
    /// The past may go on after those that wait; it is told before what happens now.
    more: bool,
    /// As it was when the reader was last allowed to read.
    access: Changes,
}

impl Reader {
    async fn new(
        hub: EventHub,
        session: Session,
        origin: Origin,
        subject: Subject,
        after: i64,
    ) -> Result<Self> {
        let access = hub.access();
        let mut conn = connect(&hub, &session).await?;
        // Asked before anything is begun for somebody who may not read.
        let allowed = admit(&mut conn, &session, &origin, subject).await?;
        let events = hub.join(&mut conn, subject).await?;
        let mut reader = Self {
            hub,
            session,
            origin,
            subject,
            after,
            events,
            waiting: VecDeque::new(),
            more: false,
            access,
        };
        reader.read_on(&mut conn, &allowed).await?;
        Ok(reader)
    }

    /// The next event; none when the program ends, or when the reader may not read on. A reader whose rights cannot
    /// be read comes back by itself.
    async fn next(&mut self) -> Option<Arc<Event>> {
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
                    let access = self.hub.access();
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

    fn take(&mut self, event: Arc<Event>) {
        self.after = event.id;
        self.waiting.push_back(event);
    }

    /// Reads on by itself, if the reader still may.
    async fn look(&mut self) -> Result<()> {
        self.access = self.hub.access();
        let mut conn = connect(&self.hub, &self.session).await?;
        let allowed = admit(&mut conn, &self.session, &self.origin, self.subject).await?;
        self.read_on(&mut conn, &allowed).await
    }

    async fn read_on(&mut self, conn: &mut PgConnection, allowed: &Allowed) -> Result<()> {
        let events = match allowed {
            Allowed::Member(member) => organizations::ops::events_after(member, conn, self.after).await?,
            Allowed::Buyer(buyer) => orders::ops::events_after(buyer, conn, self.after).await?,
        };
        self.more = events.len() == EVENTS_AT_ONCE;
        events.into_iter().for_each(|event| self.take(Arc::new(event)));
        Ok(())
    }
}

/// A connection, after the session was read as it is by now.
async fn connect(hub: &EventHub, session: &Session) -> Result<PoolConnection<Postgres>> {
    reload(session).await?;
    Ok(hub.pool.acquire().await?)
}

/// The proof that somebody may read a subject's events.
enum Allowed {
    Member(Member),
    Buyer(Buyer),
}

async fn admit(
    conn: &mut PgConnection,
    session: &Session,
    origin: &Origin,
    subject: Subject,
) -> Result<Allowed> {
    let actor = actor(session, origin, conn).await?.ok_or(Error::SignedOut)?;
    match subject {
        Subject::Organization(id) => Ok(Allowed::Member(organizations::ops::member(&actor, conn, id).await?)),
        Subject::Order(id) => Ok(Allowed::Buyer(orders::ops::buyer(&actor, conn, id).await?)),
    }
}
