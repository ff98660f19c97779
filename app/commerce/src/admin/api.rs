//! What the admin's forms post. An admin's: superadmin or sovereign-admin.

use leptos::prelude::*;
use ui::WireError;

/// Issues a voucher, or changes the one of that code. `editing` says which of the two was meant.
#[server(name = IssueVoucher, prefix = "/do", endpoint = "vouchers/issue")]
pub async fn issue_voucher(
    code: String,
    credit: String,
    #[server(default)] description: String,
    #[server(default)] max_redemptions: String,
    #[server(default)] active: Option<String>,
    #[server(default)] editing: Option<String>,
) -> Result<(), WireError> {
    use ui::server::{self, reply};
    let issued = async {
        let mut conn = server::conn().await?;
        let admin = server::admin(&mut conn).await?;
        let currency = server::services().currency;
        let active = active.is_some();
        let issue =
            super::issue_form::read(&code, &credit, &description, &max_redemptions, active, currency)?;
        let voucher = domain::vouchers::ops::issue(&admin, &mut conn, issue).await?;
        let key = if editing.is_some() { "voucher_saved" } else { "voucher_issued" };
        server::toast(&format!("{key}|{}", voucher.code)).await?;
        server::go(&format!("/admin/billing?share={}#issued", voucher.code));
        Ok(())
    };
    reply(issued.await)
}

/// Takes a voucher out of use.
#[server(name = RevokeVoucher, prefix = "/do", endpoint = "vouchers/revoke")]
pub async fn revoke_voucher(code: String) -> Result<(), WireError> {
    use domain::{Error, text::VoucherCode};
    use ui::server::{self, reply};
    let revoked = async {
        let mut conn = server::conn().await?;
        let admin = server::admin(&mut conn).await?;
        let code = VoucherCode::parse(&code).map_err(|problem| Error::invalid("code", problem))?;
        domain::vouchers::ops::revoke(&admin, &mut conn, &code).await?;
        server::toast(&format!("voucher_revoked|{code}")).await?;
        server::go("/admin/billing");
        Ok(())
    };
    reply(revoked.await)
}
