//! Which PostgreSQL.

use std::fmt;

use super::reader::{Reader, Variable, variable};

const URL: Variable = variable(
    "CATALYST_DATABASE_URL",
    "a PostgreSQL URL; unset, a private cluster in the data folder is used",
    "postgres://catalyst:secret@db.example.om/catalyst?sslmode=verify-full",
);
const OWNER_URL: Variable = variable(
    "CATALYST_DATABASE_OWNER_URL",
    "a PostgreSQL URL of the tables' owner, who migrates; unset, CATALYST_DATABASE_URL",
    "postgres://catalyst_owner:secret@db.example.om/catalyst?sslmode=verify-full",
);
const CONNECTIONS: Variable =
    variable("CATALYST_DATABASE_CONNECTIONS", "a number of connections from 2 to 500", "10");

#[derive(Clone)]
pub struct Database {
    /// None: a private cluster in the data folder.
    pub url: Option<String>,
    pub owner_url: Option<String>,
    pub connections: u32,
}

/// URLs hold passwords.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.url.is_some() { "by URL" } else { "embedded" };
        f.debug_struct("Database").field("place", &place).field("connections", &self.connections).finish()
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Database {
    let url = |text: &str| {
        let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
        (known && text.parse::<sqlx::postgres::PgConnectOptions>().is_ok()).then(|| text.to_owned())
    };
    Database {
        url: reader.maybe(URL, url),
        owner_url: reader.maybe(OWNER_URL, url),
        connections: reader
            .or(CONNECTIONS, 10, |text| text.parse().ok().filter(|count| (2..=500).contains(count))),
    }
}
