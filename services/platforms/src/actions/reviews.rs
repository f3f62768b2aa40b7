//! A review is opened, worked through, and closed.

use contracts::PlatformId;
use contracts::calendar::Day;
use contracts::platforms::Lifecycle;
use serde::{Deserialize, Serialize};
use tidings::{Job, Place as _, Tx};

use super::review_platform_in_tx;
use crate::changes::{self, Action, Changing};
use crate::edit::wrong;
use crate::review::{Found, Item, Outcome, OutcomeDraft, Review, ReviewDraft, ReviewId, Scope};
use crate::store::list::{Key, Narrowed, Place, Sort};
use crate::{Error, store};

/// How many platforms come on the list of a review in one transaction.
const SLICE: u32 = 500;
/// The entity that changes of reviews are about.
const REVIEW: &str = "review";
/// The entity that changes of what was found are about; its id is the review's.
pub(crate) const REVIEW_ITEM: &str = "review_item";

/// Opens a review of the platforms that match now. Where these are many, a job puts the rest
/// of them on the list.
pub(crate) async fn open_review_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    draft: ReviewDraft,
) -> Result<Review, Error> {
    let checked = draft.check(Day::of(tx.now()))?;
    let narrowed = narrowed(&checked.scope)?;
    if let Some(owner) = narrowed.owner
        && store::teams::find(tx, owner).await?.is_none()
    {
        return Err(wrong("owner", "unknown_team", "There is no such team.").into());
    }
    let mut review = Review {
        id: ReviewId::new(tx.now()),
        name: checked.name,
        scope: checked.scope,
        due_on: checked.due_on,
        opened_at: tx.now(),
        opened_by: changing.by,
        closed_at: None,
        closed_by: None,
        filled: false,
        total: 0,
    };
    store::reviews::save(tx, &review).await?;
    fill_in_tx(tx, &mut review, None).await?;
    if review.total == 0 {
        let message = "No platform matches what the review shall be of.";
        return Err(wrong("scope", "nothing_to_review", message).into());
    }
    record(tx, changing, None, &review).await?;
    Ok(review)
}

/// What the scope of a review asks the list for: in the order of numbers, in which nothing
/// moves while the list is filled.
fn narrowed(scope: &Scope) -> Result<Narrowed, Error> {
    let mut mistakes = Vec::new();
    let mut read = Narrowed {
        q: scope.q.clone().unwrap_or_default(),
        publisher: scope.publisher.clone(),
        tag: scope.tag.clone(),
        sort: Sort {
            key: Key::Number,
            is_descending: false,
        },
        ..Narrowed::default()
    };
    if let Some(owner) = &scope.owner {
        read.owner = owner.parse().ok();
        if read.owner.is_none() {
            mistakes.push(wrong("owner", "unknown_team", "There is no such team."));
        }
    }
    // What is retired stays as it is.
    let reviewed = Lifecycle::ALL.iter().copied();
    let mut reviewed: Vec<_> = reviewed.filter(|one| *one != Lifecycle::Retired).collect();
    if let Some(word) = &scope.lifecycle {
        match word.parse() {
            Ok(Lifecycle::Retired) => {
                let message = "What is retired stays as it is: nobody reviews it.";
                mistakes.push(wrong("lifecycle", "nothing_to_review", message));
            }
            Ok(lifecycle) => reviewed = vec![lifecycle],
            Err(message) => mistakes.push(wrong("lifecycle", "bad_word", message)),
        }
    }
    read.lifecycle = reviewed;
    if let Some(word) = &scope.kind {
        match word.parse() {
            Ok(kind) => read.kind = Some(kind),
            Err(message) => mistakes.push(wrong("kind", "bad_kind", message)),
        }
    }
    match mistakes.is_empty() {
        true => Ok(read),
        false => Err(mistakes.into()),
    }
}

/// Puts the next platforms on the list.
async fn fill_in_tx(tx: &mut Tx, review: &mut Review, after: Option<&Place>) -> Result<(), Error> {
    let narrowed = narrowed(&review.scope)?;
    let slice = store::list::list(tx, &narrowed, after, SLICE).await?;
    // Those that came since are not of this review.
    let opened_at = review.opened_at;
    let known = slice
        .iter()
        .filter(|listed| listed.platform.created_at <= opened_at);
    let ids: Vec<_> = known.map(|listed| listed.platform.platform_id).collect();
    store::reviews::add_items(tx, review, &ids).await?;
    review.total = review.total.saturating_add(ids.len() as u64);
    let last = slice.last().filter(|_| slice.len() >= SLICE as usize);
    if let Some(last) = last {
        let after = Place::of(&last.platform, narrowed.sort).write();
        let review_id = review.id;
        tx.enqueue(&FillReview { review_id, after }).await?;
    } else {
        review.filled = true;
    }
    Ok(store::reviews::save(tx, review).await?)
}

/// Puts the platforms behind a place on the list of a review.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FillReview {
    review_id: ReviewId,
    after: String,
}

impl Job for FillReview {
    const KIND: &'static str = "fill_review";
}

pub(crate) async fn fill_review(job: FillReview, tx: &mut Tx) -> Result<(), Error> {
    let after = Place::read(&job.after);
    let review = store::reviews::hold(tx, job.review_id).await?;
    let mut review = review.ok_or(Error::ReviewUnknown)?;
    fill_in_tx(tx, &mut review, after.as_ref()).await
}

/// Writes down what somebody found of a platform on the list; the last word counts. What was
/// confirmed or updated is reviewed from now on. Saying the same again changes nothing.
pub(crate) async fn find_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: ReviewId,
    platform_id: PlatformId,
    draft: &OutcomeDraft,
) -> Result<Item, Error> {
    let (outcome, comment) = draft.check()?;
    let review = store::reviews::keep_open(tx, id).await?;
    let review = review.ok_or(Error::ReviewUnknown)?;
    let item = store::reviews::hold_item(tx, id, platform_id).await?;
    let before = match item {
        Some(item) => item,
        None if review.filled => return Err(Error::NotInReview),
        None => return Err(Error::ReviewOpening),
    };
    if review.closed_at.is_some() {
        return Err(Error::ReviewClosed);
    }
    let found = Found {
        outcome,
        comment,
        by: changing.by,
        at: tx.now(),
    };
    let after = Item {
        found: Some(found.clone()),
        ..before.clone()
    };
    let changing = changing.to(Action::Update);
    let (said, says) = (before.snapshot(), after.snapshot());
    let entity_id = id.to_string();
    if !changes::record_in_tx(tx, &changing, REVIEW_ITEM, entity_id, said, says).await? {
        return Ok(before);
    }
    store::reviews::save_found(tx, id, after.place, &found).await?;
    if outcome != Outcome::Missing {
        review_platform_in_tx(tx, &changing, platform_id).await?;
    }
    Ok(after)
}

/// Closes a review; nothing is written down in it any more. Doing so again changes nothing.
pub(crate) async fn close_review_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: ReviewId,
) -> Result<Review, Error> {
    let review = store::reviews::hold(tx, id).await?;
    let mut review = review.ok_or(Error::ReviewUnknown)?;
    match review.status() {
        "closed" => return Ok(review),
        // The job that fills it goes on, and would be of a closed one.
        "opening" => return Err(Error::ReviewOpening),
        _ => {}
    }
    let before = review.snapshot();
    review.closed_at = Some(tx.now());
    review.closed_by = Some(changing.by);
    store::reviews::save(tx, &review).await?;
    record(tx, &changing.to(Action::Update), Some(before), &review).await?;
    Ok(review)
}

async fn record(
    tx: &mut Tx,
    changing: &Changing,
    before: Option<serde_json::Value>,
    review: &Review,
) -> Result<(), Error> {
    let (id, after) = (review.id.to_string(), Some(review.snapshot()));
    changes::record_in_tx(tx, changing, REVIEW, id, before, after).await?;
    Ok(())
}
