//! Pages that show a visitor without a session nothing but the catalog: kept until the catalog changes. While
//! nobody hears of changes, none is kept.

use std::{fmt, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, Request},
    response::Response,
};
use domain::text::Locale;
use http::{HeaderMap, StatusCode, header};
use leptos::nonce::Nonce;
use memchr::memmem;
use moka::sync::Cache;
use ui::server::{RequestContext, Theme};

use crate::{config::Http, web::cookies};

const PATTERNS: [&str; 4] = ["/", "/plans", "/apps", "/apps/{slug}"];
/// Bytes of all pages together.
const CAPACITY: u64 = 16 << 20;
const PAGE_MAX: usize = 256 << 10;
const ADDRESS_MAX: usize = 200;

/// Cheap to clone.
#[derive(Clone)]
pub struct PageCache(Cache<Key, Arc<Page>>);

/// All that such a page depends on.
#[derive(PartialEq, Eq, Hash)]
pub struct Key {
    catalog_changes: u64,
    address: String,
    locale: Locale,
    theme: Theme,
}

struct Page {
    headers: HeaderMap,
    /// The page, cut where the nonce of its scripts stood.
    parts: Vec<Bytes>,
}

impl Default for PageCache {
    fn default() -> Self {
        let weigh = |key: &Key, page: &Arc<Page>| {
            let bytes = key.address.len() + page.parts.iter().map(Bytes::len).sum::<usize>();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(CAPACITY).weigher(weigh).build())
    }
}

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache").field("pages", &self.0.entry_count()).finish()
    }
}

/// None: the answer to this request is for nobody else.
pub fn key(http: &Http, request: &Request) -> Option<Key> {
    let context = request.extensions().get::<RequestContext>()?;
    let pattern = request.extensions().get::<MatchedPath>()?;
    let catalog_changes = context.catalog_changes?;
    let kept = PATTERNS.contains(&pattern.as_str())
        && context.path.len() <= ADDRESS_MAX
        && !cookies::has_session(request.headers(), http);
    kept.then(|| Key {
        catalog_changes,
        address: context.path.clone(),
        locale: context.locale,
        theme: context.theme,
    })
}

impl PageCache {
    pub fn get(&self, key: &Key, nonce: &Nonce) -> Option<Response> {
        let page = self.0.get(key)?;
        let mut response = Response::new(Body::from(page.parts.join(nonce.to_string().as_bytes())));
        *response.headers_mut() = page.headers.clone();
        Some(response)
    }

    /// Keeps the page if it is one, and gives it back.
    pub async fn keep(&self, key: Key, nonce: &Nonce, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let bytes = match to_bytes(body, usize::MAX).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "a page broke off");
                return Response::from_parts(parts, Body::empty());
            }
        };
        if parts.status == StatusCode::OK
            && !parts.headers.contains_key(header::SET_COOKIE)
            && bytes.len() <= PAGE_MAX
        {
            let page = Page { headers: parts.headers.clone(), parts: cut(&bytes, &nonce.to_string()) };
            self.0.insert(key, Arc::new(page));
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

fn cut(text: &Bytes, at: &str) -> Vec<Bytes> {
    let mut begin = 0;
    let mut parts = Vec::new();
    for end in memmem::find_iter(text, at) {
        parts.push(text.slice(begin..end));
        begin = end + at.len();
    }
    parts.push(text.slice(begin..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_every_nonce_and_put_together_with_another() {
        let page = Bytes::from_static(b"<script nonce=abc>1</script><link nonce=abc>");
        let parts = cut(&page, "abc");
        assert_eq!(parts.len(), 3);
        assert_eq!(parts.join(&b"xyz"[..]), b"<script nonce=xyz>1</script><link nonce=xyz>");
    }
}
