//! A request that is sent again gets the answer that it got: one row an (actor, operation, key), written in the
//! transaction of the business that it keys. Table: idempotency.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use crate::{
    access::Actor,
    db::SWEPT_AT_ONCE,
    error::{Conflict, Error, Problem, Result},
};

const KEY_MAX: usize = 255;

/// A key that somebody chose for one request of one kind.
pub(crate) struct Keyed<'a> {
    pub actor: &'a Actor,
    /// The stable name of what is asked for, such as `order.place`.
    pub operation: &'static str,
    pub key: &'a str,
}

impl Keyed<'_> {
    /// Errors: `Invalid` where the key cannot be one.
    pub(crate) fn check(&self) -> Result<()> {
        let good = (1..=KEY_MAX).contains(&self.key.len()) && !self.key.chars().any(char::is_control);
        let range = Problem::OutOfRange { min: 1, max: KEY_MAX as i64 };
        if good { Ok(()) } else { Err(Error::invalid("Idempotency-Key", range)) }
    }

    /// Notes the answer, in the transaction that gives it. True: the key is new, and this transaction is the one to do
    /// it. False: it was used before, and the transaction is to be rolled back.
    pub(crate) async fn claim(
        &self,
        conn: &mut PgConnection,
        request_hash: &[u8],
        answer: &impl Serialize,
    ) -> Result<bool> {
        let result = serde_json::to_value(answer).map_err(|error| {
            tracing::error!(%error, operation = self.operation, "an answer cannot be stored");
            Error::Internal
        })?;
        let done = sqlx::query!(
            "insert into idempotency (account_id, operation, key, request_hash, result) values ($1, $2, $3, $4, $5)
             on conflict (account_id, operation, key) do nothing",
            self.actor.id().0,
            self.operation,
            self.key,
            request_hash,
            result,
        )
        .execute(conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The answer that this key got before, if it did; a conflict where another request got it. Without a hash,
    /// whatever was asked for.
    pub(crate) async fn answered<T: DeserializeOwned>(
        &self,
        conn: &mut PgConnection,
        request_hash: Option<&[u8]>,
    ) -> Result<Option<T>> {
        let found = sqlx::query!(
            "select request_hash, result from idempotency where account_id = $1 and operation = $2 and key = $3",
            self.actor.id().0,
            self.operation,
            self.key,
        )
        .fetch_optional(conn)
        .await?;
        let Some(row) = found else { return Ok(None) };
        if request_hash.is_some_and(|hash| hash != row.request_hash) {
            return Err(Conflict::KeyReused.into());
        }
        let result = serde_json::from_value(row.result.unwrap_or_default()).map_err(|error| {
            tracing::error!(%error, operation = self.operation, "a stored answer is not understood");
            Error::Internal
        })?;
        Ok(Some(result))
    }
}

/// Deletes keys after sixty days. A cart keeps its key for thirty: nothing that is still sent is done twice.
pub async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from idempotency where (account_id, operation, key) in (
             select account_id, operation, key from idempotency where created_at < now() - interval '60 days' limit $1)",
        SWEPT_AT_ONCE,
    )
    .execute(conn)
    .await?;
    Ok(swept.rows_affected())
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use sqlx::Connection as _;

    use super::*;
    use crate::{
        access::PlatformRole,
        testing::{TestDatabase, signed_in},
    };

    #[tokio::test]
    async fn a_key_is_good_for_one_operation_of_one_person() {
        let database = TestDatabase::new().await;
        let pool = database.pool(1).await;
        let mut conn = pool.acquire().await.unwrap();
        let (one, other) = (
            signed_in(&mut conn, "a@x.om", PlatformRole::Customer).await,
            signed_in(&mut conn, "b@x.om", PlatformRole::Customer).await,
        );
        let keyed = |actor, operation| Keyed { actor, operation, key: "k" };
        let mut tx = conn.begin().await.unwrap();
        for (actor, operation) in [(&one, "order.place"), (&one, "order.refund"), (&other, "order.place")] {
            let claimed = keyed(actor, operation).claim(&mut tx, b"asked", &operation).await;
            assert!(claimed.unwrap(), "{operation}");
        }
        assert!(!keyed(&one, "order.place").claim(&mut tx, b"asked", &"again").await.unwrap());
        let answered = keyed(&one, "order.refund").answered::<String>(&mut tx, Some(b"asked")).await;
        assert_eq!(answered, Ok(Some("order.refund".to_owned())));
        let reused = keyed(&one, "order.refund").answered::<String>(&mut tx, Some(b"something else")).await;
        assert_eq!(reused, Err(Conflict::KeyReused.into()));
        assert_eq!(keyed(&other, "order.refund").answered::<String>(&mut tx, None).await, Ok(None));
    }
}
