//! The least that a server can do: copies of pages out of memory, each with its headers.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Uri, header},
    response::Response,
};
use tokio::net::TcpListener;

use crate::pages::PAGES;

type Pages = Arc<HashMap<&'static str, (HeaderMap, Bytes)>>;

pub async fn serve(listen: SocketAddr, from: &str) -> Result<()> {
    let mut pages = HashMap::new();
    for path in PAGES {
        let reply = reqwest::get(format!("{from}{path}")).await?.error_for_status()?;
        let mut headers = reply.headers().clone();
        // What the server below the handler writes anew.
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::DATE] {
            headers.remove(name);
        }
        pages.insert(path, (headers, reply.bytes().await?));
    }
    let router = Router::new().fallback(page).with_state(Arc::new(pages));
    axum::serve(TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

async fn page(State(pages): State<Pages>, uri: Uri) -> Response {
    let mut response = Response::new(Body::empty());
    match pages.get(uri.path()) {
        Some((headers, body)) => {
            *response.headers_mut() = headers.clone();
            *response.body_mut() = Body::from(body.clone());
        }
        None => *response.status_mut() = axum::http::StatusCode::NOT_FOUND,
    }
    response
}
