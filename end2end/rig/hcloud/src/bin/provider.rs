//! `terraform-provider-hcloud`: the stand-in provider. OpenTofu starts it from a filesystem mirror.

use hcloud_rig::provider::Hcloud;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tf_provider::serve("hcloud", Hcloud::default()).await
}
