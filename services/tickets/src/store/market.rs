//! Searching the market.

use tidings::{Conn, Error, Timestamp, Value};

use crate::Listing;
use crate::search::{Place, Search, Sort};

/// Which part of the answer is wanted.
pub(crate) struct Part {
    /// The last item of the part before, for those who follow a cursor.
    pub(crate) after: Option<Place>,
    /// How many items to pass over, for those who turn pages.
    pub(crate) skip: i64,
    /// How many items at the most.
    pub(crate) limit: u32,
}

/// A statement that grows with what is asked for. Only what is written here becomes part of
/// its text; what the caller has typed is always a parameter.
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn also(&mut self, before: &str, value: impl Into<Value>, after: &str) {
        let place = self.value(value);
        self.sql += &format!(" AND {before} {place}{after}");
    }

    /// What is on the market now and matches: never what is held, sold or over (C-21, C-33).
    fn matching(select: &str, search: &Search, now: Timestamp) -> Self {
        let mut statement = Self {
            sql: format!("SELECT {select} FROM listings WHERE status = 'available'"),
            values: Vec::new(),
        };
        statement.also("(starts_at IS NULL OR starts_at >", now, ")");
        for word in &search.words {
            statement.also("search_text LIKE", like(word), r" ESCAPE '\'");
        }
        if let Some(category) = search.category {
            statement.also("category =", category.as_str(), "");
        }
        if let Some(city) = &search.city {
            statement.also("city_folded =", city, "");
        }
        if let Some(from) = search.from {
            statement.also("starts_at >=", from, "");
        }
        if let Some(before) = search.before {
            statement.also("starts_at <", before, "");
        }
        if let Some(price) = search.price_min {
            statement.also("price_minor >=", price, "");
        }
        if let Some(price) = search.price_max {
            statement.also("price_minor <=", price, "");
        }
        statement
    }
}

fn like(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "%"
}

/// Part of what matches, in the asked order.
pub(crate) async fn market(
    conn: &mut Conn,
    search: &Search,
    part: &Part,
    now: Timestamp,
) -> Result<Vec<Listing>, Error> {
    let mut statement = Statement::matching("*", search, now);
    let (column, beyond, direction) = match search.sort {
        Sort::New => ("created_at", "<", "DESC"),
        Sort::Price => ("price_minor", ">", "ASC"),
        // Without a date last; the number is `Place::UNDATED`.
        Sort::Date => ("COALESCE(starts_at, 9223372036854775807)", ">", "ASC"),
    };
    if let Some(after) = part.after {
        let (key, id) = (statement.value(after.key), statement.value(after.id));
        statement.sql += &format!(" AND ({column}, id) {beyond} ({key}, {id})");
    }
    let (limit, skip) = (statement.value(part.limit), statement.value(part.skip));
    statement.sql +=
        &format!(" ORDER BY {column} {direction}, id {direction} LIMIT {limit} OFFSET {skip}");
    conn.query(&statement.sql, &statement.values).await
}

/// How many listings match.
pub(crate) async fn count_market(
    conn: &mut Conn,
    search: &Search,
    now: Timestamp,
) -> Result<i64, Error> {
    let statement = Statement::matching("count(*)", search, now);
    let (count,) = conn.query_one(&statement.sql, &statement.values).await?;
    Ok(count)
}
