//! What lives as long as the program and what verbs need of it: for pages, REST, jobs and commands alike.

use std::sync::Arc;

use sqlx::PgPool;

use crate::{
    catalog::CatalogMemory, figures::Figures, identity::ops::SignInLimits, money::Currency, orders::Revenue,
    server_key::ServerKey, vouchers::ops::VoucherLimits,
};

pub struct Services {
    pub pool: PgPool,
    pub key: ServerKey,
    pub sign_in_limits: SignInLimits,
    pub voucher_limits: VoucherLimits,
    pub currency: Currency,
    /// Without a slash at the end.
    pub public_url: String,
    /// Under which the Organizations' hosts are, such as `apps.example.om`.
    pub apps_domain: String,
    pub catalog: CatalogMemory,
    pub revenue: Arc<Figures<Revenue>>,
}
