//! The verbs of the cart for forms and islands. The cart is the visitor's own, out of the session: nobody
//! need be signed in.

use leptos::prelude::*;
use ui::WireError;
#[cfg(feature = "ssr")]
use {
    domain::{carts, error::Error, text::VoucherCode, vouchers},
    ui::server::{self, reply},
};

/// Back to where the form was, if it says so.
#[cfg(feature = "ssr")]
fn go_on(return_to: &str, otherwise: &str) {
    let inside = !return_to.is_empty() && domain::identity::local_path(return_to) == return_to;
    server::go(if inside { return_to } else { otherwise });
}

#[server(name = ChoosePlan, prefix = "/do", endpoint = "cart/plan")]
pub async fn choose_plan(
    #[server(default)] plan: String,
    #[server(default)] return_to: String,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::choose_plan(&mut conn, cart, &plan).await?;
        go_on(&return_to, "/apps");
        Ok(())
    };
    reply(result.await)
}

#[server(name = AddApp, prefix = "/do", endpoint = "cart/apps/add")]
pub async fn add_app(
    #[server(default)] app: String,
    #[server(default)] return_to: String,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::add_app(&mut conn, cart, &app).await?;
        go_on(&return_to, "/apps");
        Ok(())
    };
    reply(result.await)
}

#[server(name = RemoveApp, prefix = "/do", endpoint = "cart/apps/remove")]
pub async fn remove_app(
    #[server(default)] app: String,
    #[server(default)] return_to: String,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::remove_app(&mut conn, cart, &app).await?;
        go_on(&return_to, "/apps");
        Ok(())
    };
    reply(result.await)
}

#[server(name = ClearApps, prefix = "/do", endpoint = "cart/apps/clear")]
pub async fn clear_apps(#[server(default)] return_to: String) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::clear_apps(&mut conn, cart).await?;
        go_on(&return_to, "/apps");
        Ok(())
    };
    reply(result.await)
}

#[server(name = UseTemplate, prefix = "/do", endpoint = "cart/template")]
pub async fn use_template(#[server(default)] industry: String) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::add_industry(&mut conn, cart, &industry).await?;
        server::toast("template_added").await?;
        server::go("/apps");
        Ok(())
    };
    reply(result.await)
}

/// The name, the address and the add-ons: one form.
#[server(name = NameOrganization, prefix = "/do", endpoint = "cart/organization")]
pub async fn name_organization(
    #[server(default)] organization_name: String,
    #[server(default)] organization_slug: String,
    #[server(default)] addons: Vec<String>,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        carts::ops::choose_addons(&mut conn, cart, &addons).await?;
        carts::ops::name_organization(&mut conn, cart, &organization_name, &organization_slug).await?;
        server::go("/review");
        Ok(())
    };
    reply(result.await)
}

/// Keeps a code that can be redeemed, or drops the one that is kept. Trying codes is limited.
#[server(name = KeepVoucher, prefix = "/do", endpoint = "cart/voucher")]
pub async fn keep_voucher(
    #[server(default)] promo_code: String,
    #[server(default)] remove: String,
    #[server(default)] return_to: String,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let cart = server::cart_id(&mut conn).await?;
        if remove.is_empty() {
            let code =
                VoucherCode::parse(&promo_code).map_err(|wrong| Error::invalid("promo_code", wrong))?;
            let limits = &server::services().voucher_limits;
            vouchers::ops::preview(&server::request().origin, &mut conn, limits, &code).await?;
            let actor = server::maybe_actor(&mut conn).await?;
            vouchers::ops::usable(actor.as_ref(), &mut conn, &code).await?;
            carts::ops::keep_voucher(&mut conn, cart, Some(&code)).await?;
            server::toast("voucher_kept").await?;
        } else {
            carts::ops::keep_voucher(&mut conn, cart, None).await?;
        }
        go_on(&return_to, "/checkout");
        Ok(())
    };
    reply(result.await)
}
