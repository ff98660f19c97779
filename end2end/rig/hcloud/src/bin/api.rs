//! `hcloud-api [ADDRESS]`: the stand-in API on its own, for trying things by hand. The token that it
//! accepts is HCLOUD_TOKEN; it prints the endpoint that the real clients take.

use hcloud_rig::api;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let token = std::env::var("HCLOUD_TOKEN").unwrap_or_default();
    anyhow::ensure!(!token.is_empty(), "HCLOUD_TOKEN is empty: say which token to accept");
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("HCLOUD_ENDPOINT=http://{}/v1", listener.local_addr()?);
    Ok(api::serve(listener, &token, api::Settings::default()).await?)
}
