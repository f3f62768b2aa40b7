//! What platforms are to each other: said as a whole, and ended with a platform.

use std::collections::BTreeSet;

use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::{FieldError, Tx};

use super::check_seen;
use crate::access::Member;
use crate::changes::{self, Action, Changing};
use crate::edit::wrong;
use crate::platform::Platform;
use crate::relation::{RELATIONS_MAX, Relation, RelationDraft, RelationType, snapshot};
use crate::{Error, store};

/// The entity that changes of relations are about; its id is the platform's.
pub(crate) const RELATIONS: &str = "relations";

/// Replaces all relations of a platform. `if_match` is the version of them that the caller has
/// seen, if they say so. What is so already is no change.
///
/// # Errors
/// [`Error::PlatformUnknown`], [`Error::NotTheirs`], [`Error::Archived`], [`Error::Retired`],
/// [`Error::Stale`], [`Error::Wrong`].
pub(crate) async fn put_relations_in_tx(
    tx: &mut Tx,
    member: Member,
    comment: &str,
    id: PlatformId,
    drafts: &[RelationDraft],
    if_match: Option<u64>,
) -> Result<(), Error> {
    // The platform before the turn, as whoever archives it takes them.
    let platform = store::hold(tx, id).await?.ok_or(Error::PlatformUnknown)?;
    may_change(member, &platform)?;
    let changing = Changing::new(tx.now(), member.id, Action::Update, comment)?;
    store::relations::take_turn(tx).await?;
    let now = store::relations::version(tx, id).await?;
    check_seen(if_match, now)?;
    let told = read_in_tx(tx, id, drafts).await?;
    let relations: BTreeSet<Relation> = told.iter().map(|(_, relation)| *relation).collect();
    let relations: Vec<_> = relations.into_iter().collect();
    if !change_in_tx(tx, &changing, id, &relations).await? {
        return Ok(());
    }
    let mut mistakes = Vec::new();
    for (place, relation) in told {
        mistakes.extend(circle_in_tx(tx, id, relation, &field(place, "to")).await?);
    }
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes.into()),
    }
}

fn may_change(member: Member, platform: &Platform) -> Result<(), Error> {
    if !member.may_edit_field(platform, RELATIONS) {
        let text = "Relations are for infrastructure and administrators, and those of a proposal for whoever proposed it.";
        return Err(Error::NotTheirs(text.to_owned()));
    }
    match (platform.archived_at, platform.lifecycle) {
        (Some(_), _) => Err(Error::Archived),
        (None, Lifecycle::Retired) => Err(Error::Retired),
        (None, _) => Ok(()),
    }
}

/// What is wrong with one relation of the list.
fn field(place: usize, name: &str) -> String {
    format!("relations.{place}.{name}")
}

/// The relations that somebody wants, each with its place in what they wrote.
async fn read_in_tx(
    tx: &mut Tx,
    id: PlatformId,
    drafts: &[RelationDraft],
) -> Result<Vec<(usize, Relation)>, Error> {
    if drafts.len() > RELATIONS_MAX {
        let message = format!("A platform has at most {RELATIONS_MAX} relations.");
        return Err(wrong("relations", "too_many_relations", message).into());
    }
    // What is there already may stay, whatever has become of the other end.
    let before = store::relations::outgoing(tx, id).await?;
    let (mut relations, mut mistakes) = (Vec::new(), Vec::new());
    for (place, draft) in drafts.iter().enumerate() {
        let kind = draft.kind.parse::<RelationType>();
        let kind = kind.map_err(|message| {
            mistakes.push(wrong(&field(place, "type"), "bad_relation_type", message));
        });
        let to = other_in_tx(tx, id, &draft.to, &field(place, "to")).await?;
        let to = to.map_err(|mistake| mistakes.push(mistake));
        if let (Ok(kind), Ok(to)) = (kind, to) {
            let relation = Relation {
                kind,
                to: to.platform_id,
            };
            if to.archived_at.is_some() && !before.contains(&relation) {
                let message = format!("{} is in the archive.", to.name);
                mistakes.push(wrong(&field(place, "to"), "relation_archived", message));
            }
            relations.push((place, relation));
        }
    }
    match mistakes.is_empty() {
        true => Ok(relations),
        false => Err(mistakes.into()),
    }
}

/// The other end of a relation, or what is wrong with it.
async fn other_in_tx(
    tx: &mut Tx,
    id: PlatformId,
    text: &str,
    field: &str,
) -> Result<Result<Platform, FieldError>, Error> {
    let found = match store::resolve(tx, text.trim()).await? {
        Some(to) => store::find(tx, to).await?,
        None => None,
    };
    Ok(match found {
        Some(other) if other.platform_id == id => {
            let message = "A platform has no relation to itself.";
            Err(wrong(field, "relation_self", message))
        }
        Some(other) => Ok(other),
        None => {
            let message = "There is no such platform: give its id or its number.";
            Err(wrong(field, "relation_unknown", message))
        }
    })
}

/// Whether a relation closes a circle, be it stored already or not: the way back from its end
/// to its beginning does not lead through it.
async fn circle_in_tx(
    tx: &mut Tx,
    id: PlatformId,
    relation: Relation,
    field: &str,
) -> Result<Option<FieldError>, Error> {
    let Relation { kind, to } = relation;
    if !kind.is_without_circles() || !store::relations::leads_to(tx, to, id, kind).await? {
        return Ok(None);
    }
    let other = store::find(tx, to).await?;
    let name = other.map_or_else(|| to.to_string(), |other| other.name);
    let message = format!(
        "{name} {} this platform already, be it by others: that would be a circle.",
        kind.in_words()
    );
    Ok(Some(wrong(field, "relation_circle", message)))
}

/// Stores the relations of a platform and writes down the change; says whether there was one.
async fn change_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: PlatformId,
    after: &[Relation],
) -> Result<bool, Error> {
    let before = store::relations::outgoing(tx, id).await?;
    if before == after {
        return Ok(false);
    }
    store::relations::replace(tx, id, after).await?;
    let changing = changing.to(Action::Update);
    let (before, after) = (snapshot(&before), snapshot(after));
    changes::record_in_tx(tx, &changing, RELATIONS, id.to_string(), before, after).await
}

/// Says which platform takes the place of one that is being deprecated, in place of what was
/// said of that before; nothing does if there is none. Whoever calls holds the platform.
pub(crate) async fn replaced_by_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: PlatformId,
    by: Option<PlatformId>,
) -> Result<(), Error> {
    const FIELD: &str = "replaced_by";
    store::relations::take_turn(tx).await?;
    let mut relations = store::relations::outgoing(tx, id).await?;
    relations.retain(|one| one.kind != RelationType::ReplacedBy);
    let Some(by) = by else {
        change_in_tx(tx, changing, id, &relations).await?;
        return Ok(());
    };
    let other = other_in_tx(tx, id, &by.to_string(), FIELD).await??;
    if other.archived_at.is_some() {
        let message = format!("{} is in the archive.", other.name);
        return Err(wrong(FIELD, "relation_archived", message).into());
    }
    let relation = Relation {
        kind: RelationType::ReplacedBy,
        to: by,
    };
    if let Some(mistake) = circle_in_tx(tx, id, relation, FIELD).await? {
        return Err(mistake.into());
    }
    relations.push(relation);
    relations.sort_unstable();
    change_in_tx(tx, changing, id, &relations).await?;
    Ok(())
}

/// Ends all relations of a platform that goes into the archive, and those of others to it; each
/// of these has its own change record. Whoever calls holds the platform.
pub(crate) async fn end_relations_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: PlatformId,
) -> Result<(), Error> {
    store::relations::take_turn(tx).await?;
    for other in store::relations::incoming(tx, id).await? {
        let mut relations = store::relations::outgoing(tx, other).await?;
        relations.retain(|relation| relation.to != id);
        change_in_tx(tx, changing, other, &relations).await?;
    }
    change_in_tx(tx, changing, id, &[]).await?;
    Ok(())
}
