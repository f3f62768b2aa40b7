//! Reviews as the API writes them.

use contracts::UserId;
use serde::Serialize;
use tidings::{Place, Timestamp, Uuid};
use utoipa::ToSchema;

use crate::review::{Found, Item, Review, Scope};
use crate::store::reviews::{Counts, Listed};

/// Where a platform stands on the list of a review.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) u64);

impl Place for At {
    fn read(text: &str) -> Option<Self> {
        let place: u64 = text.parse().ok()?;
        i64::try_from(place).ok()?;
        Some(Self(place))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A review.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReviewBody {
    id: Uuid,
    name: String,
    /// What narrows the list of platforms that it is of.
    scope: Scope,
    /// Until when it is to be done.
    due_on: String,
    /// `opening` while its list is put together, `open`, `closed`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    opened_by: Uuid,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    closed_by: Option<Uuid>,
    /// How many platforms are on its list.
    total: u64,
    confirmed: u64,
    updated: u64,
    missing: u64,
    /// Of how many nobody has said anything.
    not_audited: u64,
}

impl ReviewBody {
    pub(super) fn of(review: Review, counts: Counts) -> Self {
        Self {
            id: review.id.uuid(),
            status: review.status(),
            name: review.name,
            scope: review.scope,
            due_on: review.due_on.to_string(),
            opened_at: review.opened_at,
            opened_by: review.opened_by.uuid(),
            closed_at: review.closed_at,
            closed_by: review.closed_by.map(UserId::uuid),
            total: review.total,
            confirmed: counts.confirmed,
            updated: counts.updated,
            missing: counts.missing,
            not_audited: counts.not_audited,
        }
    }
}

/// What was found of a platform.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundBody {
    platform_id: Uuid,
    /// `confirmed`, `updated`, `missing`; null before somebody looked.
    outcome: Option<&'static str>,
    comment: String,
    /// Who said so.
    by: Option<Uuid>,
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

impl FoundBody {
    pub(super) fn of(item: &Item) -> Self {
        let found: Option<&Found> = item.found.as_ref();
        Self {
            platform_id: item.platform_id.uuid(),
            outcome: found.map(|found| found.outcome.as_str()),
            comment: found.map(|found| found.comment.clone()).unwrap_or_default(),
            by: found.map(|found| found.by.uuid()),
            at: found.map(|found| found.at),
        }
    }
}

/// A platform on the list of a review.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ItemBody {
    #[serde(flatten)]
    found: FoundBody,
    number: i32,
    name: String,
    publisher: String,
    /// The name of the team that it belongs to now.
    owner: Option<String>,
    /// When it went into the archive, if it has since.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
}

impl From<Listed> for ItemBody {
    fn from(listed: Listed) -> Self {
        Self {
            found: FoundBody::of(&listed.item),
            number: listed.number,
            name: listed.name,
            publisher: listed.publisher,
            owner: listed.owner,
            archived_at: listed.archived_at,
        }
    }
}
