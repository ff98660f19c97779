//! Lists: filters, order, pages.
//!
//! Imitated: `name`, `label_selector`, `status`, `type`, `architecture`, `id`, `sort` by id, name or
//! created, pages of 25 (at most 50), and `meta.pagination`.

use serde_json::{Value, json};

use super::error::ApiError;
use super::labels;

/// The query as it came, in its order; a key may stand there several times.
pub type Query = Vec<(String, String)>;

pub fn one<'a>(query: &'a Query, key: &str) -> Option<&'a str> {
    query.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
}

pub fn page(field: &str, mut rows: Vec<Value>, query: &Query) -> Result<Value, ApiError> {
    for filter in ["name", "status", "type", "architecture", "id"] {
        let wanted: Vec<&str> =
            query.iter().filter(|(key, _)| key == filter).map(|(_, value)| value.as_str()).collect();
        if !wanted.is_empty() {
            rows.retain(|row| match &row[filter] {
                Value::String(text) => wanted.contains(&text.as_str()),
                other => wanted.contains(&other.to_string().as_str()),
            });
        }
    }
    if let Some(selector) = one(query, "label_selector") {
        labels::matches(selector, &Value::Null)?;
        rows.retain(|row| labels::matches(selector, &row["labels"]).unwrap_or(false));
    }
    if let Some(sort) = one(query, "sort") {
        let (key, order) = sort.split_once(':').unwrap_or((sort, "asc"));
        match key {
            "id" => rows.sort_by_key(|row| row["id"].as_u64()),
            "name" | "created" | "command" | "status" | "started" | "finished" => {
                rows.sort_by_key(|row| row[key].as_str().map(str::to_owned));
            }
            _ => return Err(ApiError::invalid("sort", "Not a valid sort key.")),
        }
        if order == "desc" {
            rows.reverse();
        }
    }
    let number = |key: &str, usual: usize| match one(query, key) {
        None => Ok(usual),
        Some(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(ApiError::invalid(key, "Not a valid integer.")),
        },
    };
    let (page, size) = (number("page", 1)?, number("per_page", 25)?.min(50));
    let total = rows.len();
    let last = total.div_ceil(size).max(1);
    let shown: Vec<Value> = rows.into_iter().skip((page - 1) * size).take(size).collect();
    let mut answer = json!({"meta": {"pagination": {
        "page": page, "per_page": size, "last_page": last, "total_entries": total,
        "previous_page": (page > 1).then(|| page - 1), "next_page": (page < last).then_some(page + 1),
    }}});
    answer[field] = json!(shown);
    Ok(answer)
}
