//! The SQL of reviews.

use contracts::{PlatformId, TeamId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Uuid, Value, params};

use super::{count, parts, places};
use crate::review::{Found, Item, Outcome, Review, ReviewId};

impl FromRow for Review {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let scope: String = row.get("scope")?;
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            scope: serde_json::from_str(&scope).map_err(|error| Error::Decode {
                what: "column scope".to_owned(),
                reason: error.to_string(),
            })?,
            due_on: row.get("due_on")?,
            opened_at: row.get("opened_at")?,
            opened_by: row.get("opened_by")?,
            closed_at: row.get("closed_at")?,
            closed_by: row.get("closed_by")?,
            filled: row.get("filled")?,
            total: row.get("total")?,
        })
    }
}

impl FromRow for Item {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let outcome: Option<Outcome> = row.get("outcome")?;
        let by: Option<UserId> = row.get("found_by")?;
        let at: Option<Timestamp> = row.get("found_at")?;
        let comment: String = row.get("comment")?;
        Ok(Self {
            place: row.get("place")?,
            platform_id: row.get("platform_id")?,
            found: outcome.zip(by).zip(at).map(|((outcome, by), at)| Found {
                outcome,
                comment,
                by,
                at,
            }),
        })
    }
}

/// Stores a new review, or what has changed of one that is held.
pub(crate) async fn save(tx: &mut Tx, review: &Review) -> Result<(), Error> {
    let sql = "INSERT INTO reviews (id, name, scope, due_on, opened_at, opened_by, closed_at,
            closed_by, filled, total)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET closed_at = excluded.closed_at,
            closed_by = excluded.closed_by, filled = excluded.filled, total = excluded.total";
    let scope = serde_json::to_string(&review.scope).map_err(|source| Error::Encode {
        what: "the scope of a review".to_owned(),
        source,
    })?;
    let row = params![
        review.id,
        &review.name,
        scope,
        review.due_on,
        review.opened_at,
        review.opened_by,
        review.closed_at,
        review.closed_by,
        review.filled,
        count(review.total),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut Conn, id: ReviewId) -> Result<Option<Review>, Error> {
    let sql = "SELECT * FROM reviews WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// The review, which nobody else changes before this transaction has ended.
pub(crate) async fn hold(tx: &mut Tx, id: ReviewId) -> Result<Option<Review>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM reviews WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// The review, which nobody closes before this transaction has ended; others may find things
/// in it meanwhile.
pub(crate) async fn keep_open(tx: &mut Tx, id: ReviewId) -> Result<Option<Review>, Error> {
    let lock = tx.dialect().pick("", "FOR SHARE");
    let sql = format!("SELECT * FROM reviews WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// Reviews, the newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Review>, Error> {
    let (mut sql, mut values) = (String::from("SELECT * FROM reviews"), Vec::new());
    if let Some((time, id)) = after {
        sql += " WHERE (opened_at, id) < ($1, $2)";
        values.extend([Value::from(time), Value::from(id)]);
    }
    values.push(Value::from(limit));
    sql += &format!(" ORDER BY opened_at DESC, id DESC LIMIT ${}", values.len());
    conn.query(&sql, &values).await
}

/// The names of open reviews that are of the platforms of a team.
pub(crate) async fn open_of_team(conn: &mut Conn, id: TeamId) -> Result<Vec<String>, Error> {
    let sql = "SELECT * FROM reviews WHERE closed_at IS NULL ORDER BY opened_at, id";
    let open: Vec<Review> = conn.query(sql, &[]).await?;
    let id = id.to_string();
    let of_team = open
        .into_iter()
        .filter(|review| review.scope.owner.as_ref() == Some(&id));
    Ok(of_team.map(|review| review.name).collect())
}

/// Puts platforms on the list of a review, behind those that are there.
pub(crate) async fn add_items(
    tx: &mut Tx,
    review: &Review,
    platforms: &[PlatformId],
) -> Result<(), Error> {
    const ROW: usize = 4;
    let rows = platforms.iter().zip(review.total.saturating_add(1)..);
    let rows = rows.map(|(id, place)| {
        let place = count(place);
        [review.id.into(), place.into(), (*id).into(), "".into()]
    });
    let rows: Vec<[Value; ROW]> = rows.collect();
    for part in parts(&rows, ROW) {
        let places = places(part.len(), ROW);
        let sql = format!(
            "INSERT INTO review_items (review_id, place, platform_id, comment) VALUES {places}"
        );
        tx.execute(&sql, &part.concat()).await?;
    }
    Ok(())
}

/// A platform on the list of a review, which nobody else changes meanwhile.
pub(crate) async fn hold_item(
    tx: &mut Tx,
    id: ReviewId,
    platform: PlatformId,
) -> Result<Option<Item>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql =
        format!("SELECT * FROM review_items WHERE review_id = $1 AND platform_id = $2 {lock}");
    tx.query_opt(&sql, params![id, platform]).await
}

/// Stores what somebody found of a platform on the list.
pub(crate) async fn save_found(
    tx: &mut Tx,
    id: ReviewId,
    place: u64,
    found: &Found,
) -> Result<(), Error> {
    let sql = "UPDATE review_items SET outcome = $3, comment = $4, found_by = $5, found_at = $6
        WHERE review_id = $1 AND place = $2";
    let row = params![
        id,
        count(place),
        found.outcome,
        &found.comment,
        found.by,
        found.at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// How far a review is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) confirmed: u64,
    pub(crate) updated: u64,
    pub(crate) missing: u64,
    pub(crate) not_audited: u64,
}

pub(crate) async fn counts(conn: &mut Conn, id: ReviewId) -> Result<Counts, Error> {
    let sql = "SELECT outcome, count(*) FROM review_items WHERE review_id = $1 GROUP BY outcome";
    let rows: Vec<(Option<Outcome>, u64)> = conn.query(sql, params![id]).await?;
    let mut counts = Counts::default();
    for (outcome, many) in rows {
        *match outcome {
            Some(Outcome::Confirmed) => &mut counts.confirmed,
            Some(Outcome::Updated) => &mut counts.updated,
            Some(Outcome::Missing) => &mut counts.missing,
            None => &mut counts.not_audited,
        } = many;
    }
    Ok(counts)
}

/// A platform on the list with what is shown beside it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) item: Item,
    pub(crate) number: i32,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) publisher: String,
    pub(crate) owner: Option<String>,
    pub(crate) archived_at: Option<Timestamp>,
    /// What whoever looked is called, once that was heard.
    pub(crate) by_name: Option<String>,
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            item: Item::from_row(row)?,
            number: row.get("number")?,
            slug: row.get("slug")?,
            name: row.get("name")?,
            publisher: row.get("publisher")?,
            owner: row.get("owner")?,
            archived_at: row.get("archived_at")?,
            by_name: row.get("by_name")?,
        })
    }
}

/// Which part of the list of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    NotAudited,
    Found(Outcome),
}

/// Part of the list of a review, in order.
pub(crate) async fn items(
    conn: &mut Conn,
    id: ReviewId,
    which: Which,
    after: u64,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let mut values = params![id, count(after), limit].to_vec();
    let narrowed = match which {
        Which::All => "",
        Which::NotAudited => "AND i.outcome IS NULL",
        Which::Found(outcome) => {
            values.push(Value::from(outcome));
            "AND i.outcome = $4"
        }
    };
    let sql = format!(
        "SELECT i.*, p.number, p.slug, p.name, p.publisher, p.archived_at, t.name AS owner,
            coalesce(nullif(u.name, ''), u.email) AS by_name
        FROM review_items i JOIN platforms p ON p.id = i.platform_id
        LEFT JOIN teams t ON t.id = p.owner_team_id LEFT JOIN people u ON u.id = i.found_by
        WHERE i.review_id = $1 AND i.place > $2 {narrowed} ORDER BY i.place LIMIT $3"
    );
    conn.query(&sql, &values).await
}
