//! What the forms of the console and of the list of Organizations post.

use leptos::prelude::*;
use ui::WireError;

/// Sends what could not be delivered once more. For those who manage the Organization.
#[server(name = RetryDelivery, prefix = "/do", endpoint = "organizations/retry")]
pub async fn retry_delivery(organization: String) -> Result<(), WireError> {
    use domain::{error::Error, organizations::ops};
    use ui::server::{self, reply};
    let sent = async {
        let mut conn = server::conn().await?;
        let actor = server::actor(&mut conn).await?;
        let id = organization.parse().map_err(|_| Error::NotFound)?;
        let manager = ops::member(&actor, &mut conn, id).await?.manager()?;
        ops::retry(&manager, &mut conn).await?;
        server::toast("delivery_retried").await?;
        server::go(&format!("/console?organization={id}"));
        Ok(())
    };
    reply(sent.await)
}

/// The same for a superadmin, who belongs to none of them.
#[server(name = RetryDeliveryFor, prefix = "/do", endpoint = "admin/organizations/retry")]
pub async fn retry_delivery_for(organization: String) -> Result<(), WireError> {
    use domain::{error::Error, organizations::ops};
    use ui::server::{self, reply};
    let sent = async {
        let mut conn = server::conn().await?;
        let superadmin = server::actor(&mut conn).await?.superadmin()?;
        let id = organization.parse().map_err(|_| Error::NotFound)?;
        ops::retry_for(&superadmin, &mut conn, id).await?;
        // The page of the list that the button was on is shown again.
        server::toast("delivery_retried").await
    };
    reply(sent.await)
}
