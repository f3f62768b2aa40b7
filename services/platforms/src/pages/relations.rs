//! The relations of a platform, added and removed one by one on its page.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tidings::{Form, Handle, Path, Problem, RequestContext, SignedIn, Tx};

use super::meanwhile::seen;
use super::platform::{Again, found, page};
use super::wrong::Wrong;
use crate::access::Member;
use crate::actions::put_relations_in_tx;
use crate::relation::RelationDraft;
use crate::{Error, store};

/// One relation, to be added or removed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    #[serde(rename = "type")]
    pub(super) kind: String,
    to: String,
    /// Of the relations, not of the platform.
    version: String,
    /// Said by the button that removes it.
    remove: Option<String>,
}

impl Typed {
    /// What stays in the field of the other end: nothing, if one was to be removed.
    pub(super) fn kept(&self) -> &str {
        match self.remove {
            Some(_) => "",
            None => &self.to,
        }
    }
}

/// POST `/platforms/{name}/relations`
pub(super) async fn change(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_relate()?;
    let changed = async {
        let mut tx = service.begin(context).await?;
        let number = change_in_tx(&mut tx, member, &name, &typed).await?;
        tx.commit().await?;
        Ok::<_, Error>(format!("/platforms/{number}?done=saved#relations"))
    };
    match changed.await {
        Ok(next) => Ok(Redirect::to(&next).into_response()),
        Err(error) => {
            let wrong = match error {
                Error::Stale { .. } => Wrong::stale(),
                error => Wrong::try_from(error)?,
            };
            let again = Again {
                relation: typed,
                wrong: of_one(wrong),
                ..Again::default()
            };
            page(&service, member, &name, again).await
        }
    }
}

/// Of the platform with the number that comes back.
async fn change_in_tx(
    tx: &mut Tx,
    member: Member,
    name: &str,
    typed: &Typed,
) -> Result<i32, Error> {
    let platform = found(tx, name).await?;
    let id = platform.platform_id;
    let now = store::relations::outgoing(tx, id).await?;
    let mut drafts: Vec<_> = now.into_iter().map(RelationDraft::from).collect();
    let one = RelationDraft {
        kind: typed.kind.clone(),
        to: typed.to.clone(),
    };
    match typed.remove {
        Some(_) => drafts.retain(|draft| *draft != one),
        None => drafts.push(one),
    }
    // What was read above is what the version says, or the version is another one by now.
    let seen = Some(seen(&typed.version));
    put_relations_in_tx(tx, member, "", id, &drafts, seen).await?;
    Ok(platform.number)
}

/// What is wrong with the one that was typed, which is the last of the list.
fn of_one(mut wrong: Wrong) -> Wrong {
    for one in &mut wrong.all {
        let field = one.field.take();
        one.field = field.map(|field| match field.rsplit_once('.') {
            Some((_, part)) => format!("relation_{part}"),
            None => field,
        });
    }
    wrong
}
