//! Long lists: `?after=` and `?limit=`, and a `Link` to the next page where there is one.

use std::convert::Infallible;

use axum::{
    Json,
    extract::{FromRequestParts, Query},
    http::{HeaderMap, HeaderValue, header::LINK, request::Parts},
};
use domain::{
    error::{Fields, Problem},
    page::{Cursor, LIMIT_MAX, Page, PageRequest},
};
use utoipa::IntoParams;

use super::error::Failure;

/// A list and the link to its next page.
pub type Listed<T> = Result<(HeaderMap, Json<T>), Failure>;

/// What a request says about the page that it wants. Read after it is known who asks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    #[param(ignore)]
    path: String,
    /// Where the page begins: copied out of the `Link` of the page before.
    after: Option<String>,
    /// 1 to 100.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The outermost layers have refused an address that is not clean.
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let pairs = query.map(|query| query.0).unwrap_or_default();
        let value =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        Ok(Self { path: parts.uri.path().to_owned(), after: value("after"), limit: value("limit") })
    }
}

impl Paging {
    /// `default`: rows of a page where the request does not say how many. 422 names what is wrong.
    pub fn read(&self, default: i64) -> Result<PageRequest, Failure> {
        let mut fields = Fields::default();
        let after = self.after.as_deref().and_then(|text| fields.take("after", Cursor::parse(text)));
        let limit = self.limit.as_deref().map_or(Some(default), |text| fields.take("limit", limit(text)));
        fields.finish()?;
        Ok(PageRequest { after, limit: limit.unwrap_or(default) })
    }

    /// The header that leads to the next page; empty after the last one.
    pub fn link<T>(&self, page: &Page<T>) -> HeaderMap {
        let next = page.next.map(|next| {
            let limit = self.limit.as_ref().map(|limit| format!("&limit={limit}")).unwrap_or_default();
            format!("<{}?after={next}{limit}>; rel=\"next\"", self.path)
        });
        // A path and numbers: always a header's value.
        let value = next.and_then(|link| HeaderValue::try_from(link).ok());
        value.into_iter().map(|value| (LINK, value)).collect()
    }

    /// The whole answer: an array, and the link.
    pub fn answer<T, U: From<T>>(&self, page: Page<T>) -> (HeaderMap, Json<Vec<U>>) {
        (self.link(&page), Json(page.items.into_iter().map(Into::into).collect()))
    }
}

fn limit(text: &str) -> Result<i64, Problem> {
    let limit = text.parse().map_err(|_| Problem::NotANumber)?;
    if (1..=LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::OutOfRange { min: 1, max: LIMIT_MAX })
    }
}
