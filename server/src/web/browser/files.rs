//! The built site's files. Those in pkg/ are named by their content; compressed siblings are sent to
//! whoever takes them.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::StatusCode;
use tower_http::services::ServeDir;

use crate::web::layers::headers::cache_static;

pub fn router(root: &Path) -> Router {
    let folder = |name: &str| {
        ServeDir::new(root.join(name))
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip()
    };
    Router::new()
        .nest_service("/pkg", folder("pkg"))
        .nest_service("/assets", folder("assets"))
        .layer(from_fn(keep))
}

async fn keep(request: Request, next: Next) -> Response {
    let named_by_content = request.uri().path().starts_with("/pkg/");
    let mut response = next.run(request).await;
    if matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
        cache_static(response.headers_mut(), named_by_content);
    }
    response
}
