//! Long lists, a page at a time, the newest first. The next page begins after the last row that was seen, by when it
//! was made and its id: each page costs the same, and rows that come meanwhile move nothing.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Problem;

/// The most rows that somebody may ask for.
pub const LIMIT_MAX: i64 = 100;

/// The place of a row in a list. As text it is opaque, and may stand in an address as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: OffsetDateTime,
    id: Uuid,
}

impl Cursor {
    /// The place of a row that was made `at`.
    pub const fn new(at: OffsetDateTime, id: Uuid) -> Self {
        Self { at, id }
    }

    /// Reads what was given out before.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::read(text).ok_or(Problem::Unknown)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() != 48 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let (micros, id) = text.split_at(16);
        let micros = u64::from_str_radix(micros, 16).ok()?.cast_signed();
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
        Some(Self { at, id: Uuid::try_parse(id).ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years have four digits: their microseconds are far from the end of the type.
        let micros = i64::try_from(self.at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX);
        write!(f, "{micros:016x}{}", self.id.simple())
    }
}

/// Which page somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// None: the newest rows.
    pub after: Option<Cursor>,
    /// Rows, at most.
    pub limit: i64,
}

impl PageRequest {
    /// The newest rows, so many at most.
    pub const fn newest(limit: i64) -> Self {
        Self { after: None, limit }
    }
}

/// The columns' bounds of a page's statement: the rows before `(at, id)`, one more than wanted.
#[cfg(feature = "db")]
pub(crate) struct Bounds {
    pub at: OffsetDateTime,
    pub id: Uuid,
    pub rows: i64,
}

#[cfg(feature = "db")]
impl PageRequest {
    pub(crate) fn bounds(&self) -> Bounds {
        // Later than every row, so that the statement is the same for the first page.
        let end = Cursor::new(time::PrimitiveDateTime::MAX.assume_utc(), Uuid::max());
        let Cursor { at, id } = self.after.unwrap_or(end);
        Bounds { at, id, rows: self.limit + 1 }
    }
}

/// Some rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins. None: these are the last rows.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    pub const fn empty() -> Self {
        Self { items: Vec::new(), next: None }
    }

    /// Takes away the row that was read only to know whether there is one.
    #[cfg(feature = "db")]
    pub(crate) fn of(mut rows: Vec<T>, wanted: &PageRequest, place: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(wanted.limit).unwrap_or_default();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(place);
        Self { items: rows, next }
    }

    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }

    /// Gives the first error, where there is one.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page { items: self.items.into_iter().map(change).collect::<Result<_, E>>()?, next: self.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_to_the_microsecond() {
        for nanos in [0, 1_795_442_700_123_456_000, -62_135_596_800_000_000_000, 253_402_300_799_999_999_000]
        {
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            let cursor = Cursor::new(at, Uuid::from_u128(7 << 96));
            let text = cursor.to_string();
            assert_eq!(Cursor::parse(&text), Ok(cursor), "{text}");
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
    }

    #[test]
    fn what_was_never_given_out_is_no_cursor() {
        let good = Cursor::new(OffsetDateTime::UNIX_EPOCH, Uuid::nil()).to_string();
        let (short, upper) = (&good[1..], format!("{}A", &good[1..]));
        let (late, signed) = (format!("7fffffffffffffff{}", &good[16..]), format!("+{}", &good[1..]));
        for text in ["", "0", short, &upper, &late, &signed, &format!("{good}0"), &"é".repeat(24)] {
            assert_eq!(Cursor::parse(text), Err(Problem::Unknown), "{text}");
        }
    }
}
