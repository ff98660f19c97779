//! How the installation does, as numbers for those who watch it: what waits, what failed, whether the books
//! agree. Nothing here names anybody.

use sqlx::PgConnection;

use crate::error::Result;

/// One count, by the name of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub state: String,
    pub count: i64,
}

/// What costs as much as there is work waiting.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Jobs that are queued, running or given up.
    pub jobs: Vec<Count>,
    /// Events that are not jobs yet.
    pub outbox_waiting: i64,
    /// How long the job that is due longest has waited, in seconds; one whose worker is gone is due since its lease
    /// ended.
    pub job_lag_seconds: f64,
}

/// What costs as much as there is in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    pub organizations: Vec<Count>,
    pub applications: Vec<Count>,
    /// Credit that the ledger gives customers and that their lots do not hold, or the other way round, in minor
    /// units of all currencies together. Anything but zero is a fault.
    pub ledger_drift_minor: i64,
}

pub async fn queue(conn: &mut PgConnection) -> Result<Queue> {
    let queue = sqlx::query!(
        r#"select (select count(*) from outbox_event where dispatched_at is null) as "waiting!",
               coalesce(extract(epoch from now() - min(due)), 0)::float8 as "lag!"
           from (select case state when 'queued' then run_after else lease_until end as due
                 from job where state in ('queued', 'running')) waiting
           where due <= now()"#
    )
    .fetch_one(&mut *conn)
    .await?;
    let jobs = sqlx::query_as!(
        Count,
        r#"select state as "state!", count(*) as "count!"
           from (select state from job where state in ('queued', 'running')
                 union all select state from job where state = 'failed') unfinished
           group by state order by state"#
    )
    .fetch_all(conn)
    .await?;
    Ok(Queue { jobs, outbox_waiting: queue.waiting, job_lag_seconds: queue.lag })
}

pub async fn totals(conn: &mut PgConnection) -> Result<Totals> {
    let organizations = sqlx::query_as!(
        Count,
        r#"select state, count(*) as "count!" from organization group by state order by state"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let applications = sqlx::query_as!(
        Count,
        r#"select state, count(*) as "count!" from application group by state order by state"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let ledger = sqlx::query!(
        r#"select coalesce(sum(abs(coalesce(entries.minor, 0) - coalesce(lots.minor, 0))), 0)::bigint as "drift!"
           from (select billing_account_id, ledger_account.currency, sum(amount_minor) as minor
                 from ledger_entry join ledger_account using (ledger_account_id)
                 where kind = 'customer' group by billing_account_id, ledger_account.currency) entries
           full join (select billing_account_id, currency, sum(remaining_minor) as minor
                      from grant_lot group by billing_account_id, currency) lots
               using (billing_account_id, currency)"#
    )
    .fetch_one(conn)
    .await?;
    Ok(Totals { organizations, applications, ledger_drift_minor: ledger.drift })
}
