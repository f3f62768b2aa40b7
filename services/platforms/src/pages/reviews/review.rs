//! The page of a review, on which one works through its list.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::calendar::Day;
use serde::Deserialize;
use tidings::{
    Conn, Form, Fragment, Handle, Path, Problem, Query, RequestContext, SignedIn, Timestamp, Uuid,
};

use super::super::wrong::Wrong;
use super::Standing;
use crate::access::Member;
use crate::actions::{close_review_in_tx, find_in_tx};
use crate::changes::{Action, Changing};
use crate::http::addressed;
use crate::review::{Outcome, OutcomeDraft, Review, ReviewId};
use crate::store::reviews::{Counts, Listed, Which};
use crate::{Error, store};

/// Platforms of one part of the list.
const LIMIT: u32 = 50;
/// Which parts of the list there are, with their words.
const PARTS: [(&str, &str); 5] = [
    ("not_audited", "Not audited"),
    ("confirmed", "Confirmed"),
    ("updated", "Updated"),
    ("missing", "Missing"),
    ("all", "All"),
];

/// Which part of the list is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Asked {
    outcome: String,
    /// The last one of the part before.
    cursor: String,
    /// What has just been done.
    done: String,
}

impl Asked {
    /// Its word: what is to do, if nothing that there is was asked for.
    fn part(&self) -> &'static str {
        let known = PARTS.iter().find(|(word, _)| *word == self.outcome);
        known.map_or("not_audited", |(word, _)| word)
    }

    fn which(&self) -> Which {
        match self.part() {
            "all" => Which::All,
            word => word.parse().map_or(Which::NotAudited, Which::Found),
        }
    }

    fn after(&self) -> u64 {
        let after = self.cursor.parse().unwrap_or(0);
        after.min(i64::MAX.unsigned_abs())
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    review: Review,
    standing: Standing,
    counts: Counts,
    /// Whether whoever looks may write down what they find.
    may_find: bool,
    may_close: bool,
    opened_by: String,
    closed_by: Option<String>,
    /// Each thing that narrows what it is of, with its name.
    scope: Vec<(&'static str, String)>,
    done: &'static str,
    part: &'static str,
    after: u64,
    rows: Vec<Row>,
    /// Behind the last one there are more.
    next: Option<u64>,
    wrong: Wrong,
}

/// A platform on the list.
struct Row {
    place: u64,
    number: i32,
    name: String,
    publisher: String,
    owner: Option<String>,
    is_archived: bool,
    found: Option<RowFound>,
    /// What was typed of it, and not written down.
    comment: String,
}

struct RowFound {
    outcome: &'static str,
    comment: String,
    by: String,
    at: Timestamp,
}

fn unknown() -> String {
    "somebody".to_owned()
}

impl From<Listed> for Row {
    fn from(listed: Listed) -> Self {
        let by = listed.by_name;
        Self {
            place: listed.item.place,
            number: listed.number,
            name: listed.name,
            publisher: listed.publisher,
            owner: listed.owner,
            is_archived: listed.archived_at.is_some(),
            found: listed.item.found.map(|found| RowFound {
                outcome: found.outcome.as_str(),
                comment: found.comment,
                by: by.unwrap_or_else(unknown),
                at: found.at,
            }),
            comment: String::new(),
        }
    }
}

impl Row {
    fn new(listed: Listed, again: &Again) -> Self {
        let row = Self::from(listed);
        let comment = match again.platform == row.number.to_string() {
            true => again.comment.clone(),
            false => String::new(),
        };
        Self { comment, ..row }
    }
}

/// What was typed of which platform, by its number, and is wrong.
#[derive(Default)]
struct Again {
    platform: String,
    comment: String,
    wrong: Wrong,
}

impl Page {
    fn parts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = &self.counts;
        let many = |word: &str| match word {
            "not_audited" => counts.not_audited,
            "confirmed" => counts.confirmed,
            "updated" => counts.updated,
            "missing" => counts.missing,
            _ => self.review.total,
        };
        let parts = PARTS.into_iter();
        parts
            .map(|(word, label)| (word, label, many(word)))
            .collect()
    }

    fn outcomes(&self) -> &'static [Outcome] {
        Outcome::ALL
    }
}

async fn scope(conn: &mut Conn, review: &Review) -> Result<Vec<(&'static str, String)>, Error> {
    let mut parts = Vec::new();
    for (name, text) in review.scope.parts() {
        let owner = match (name, text.parse()) {
            ("owner", Ok(id)) => store::teams::name(conn, id).await?,
            _ => None,
        };
        let label = match name {
            "q" => "words",
            name => name,
        };
        parts.push((label, owner.unwrap_or_else(|| text.to_owned())));
    }
    Ok(parts)
}

async fn page(
    service: &Handle,
    member: Member,
    id: ReviewId,
    asked: &Asked,
    again: Again,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let review = store::reviews::find(&mut conn, id).await?;
    let review = review.ok_or(Error::ReviewUnknown)?;
    let (which, after) = (asked.which(), asked.after());
    let mut rows = store::reviews::items(&mut conn, id, which, after, LIMIT + 1).await?;
    let has_more = rows.len() > LIMIT as usize;
    rows.truncate(LIMIT as usize);
    let opened_by = store::people::name(&mut conn, review.opened_by).await?;
    let closed_by = match review.closed_by {
        Some(by) => store::people::name(&mut conn, by).await?,
        None => None,
    };
    let status = again.wrong.status;
    let done = ["opened", "closed", "found"];
    let page = Page {
        standing: Standing::of(&review, Day::of(service.now())),
        counts: store::reviews::counts(&mut conn, id).await?,
        may_find: member.may_edit() && review.closed_at.is_none(),
        may_close: member.may_edit() && review.status() == "open",
        opened_by: opened_by.unwrap_or_else(unknown),
        closed_by,
        scope: scope(&mut conn, &review).await?,
        done: done
            .into_iter()
            .find(|word| *word == asked.done)
            .unwrap_or_default(),
        part: asked.part(),
        after,
        next: rows.last().filter(|_| has_more).map(|row| row.item.place),
        rows: rows.into_iter().map(|row| Row::new(row, &again)).collect(),
        review,
        wrong: again.wrong,
    };
    let title = page.review.name.clone();
    let fragment = Fragment::try_new(title, page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/reviews/{id}`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    page(&service, member, id.into(), &asked, Again::default()).await
}

/// What was found, and which part of the list it was found on.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    outcome: String,
    comment: String,
    part: String,
    after: String,
}

/// POST `/platforms/reviews/{id}/items/{platform}`
pub(super) async fn find(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path((id, platform)): Path<(Uuid, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let review_id = ReviewId::from(id);
    let draft = OutcomeDraft {
        outcome: typed.outcome,
        comment: typed.comment,
    };
    let asked = Asked {
        outcome: typed.part,
        cursor: typed.after,
        done: String::new(),
    };
    let found = async {
        let changing = Changing::new(service.now(), member.id, Action::Update, &draft.comment)?;
        let mut tx = service.begin(context).await?;
        let found = addressed(&mut tx, &platform).await?;
        let item = find_in_tx(&mut tx, &changing, review_id, found, &draft).await?;
        let (which, after) = (asked.which(), item.place);
        let next = store::reviews::items(&mut tx, review_id, which, after, 1).await?;
        tx.commit().await?;
        let next = next.first().map_or(item.place, |next| next.item.place);
        Ok::<_, Error>(next)
    };
    match found.await {
        // The next one has the focus, so that the keyboard goes on from there.
        Ok(next) => {
            let (part, after) = (asked.part(), asked.after());
            let url = format!(
                "/platforms/reviews/{id}?outcome={part}&cursor={after}&done=found#item-{next}"
            );
            Ok(Redirect::to(&url).into_response())
        }
        Err(error) => {
            let again = Again {
                platform,
                comment: draft.comment,
                wrong: error.try_into()?,
            };
            page(&service, member, review_id, &asked, again).await
        }
    }
}

/// POST `/platforms/reviews/{id}/close`
pub(super) async fn close(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let closed = async {
        let changing = Changing::new(service.now(), member.id, Action::Update, "")?;
        let mut tx = service.begin(context).await?;
        close_review_in_tx(&mut tx, &changing, id.into()).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match closed.await {
        Ok(()) => {
            let url = format!("/platforms/reviews/{id}?done=closed");
            Ok(Redirect::to(&url).into_response())
        }
        Err(error) => {
            let again = Again {
                wrong: error.try_into()?,
                ..Again::default()
            };
            page(&service, member, id.into(), &Asked::default(), again).await
        }
    }
}
