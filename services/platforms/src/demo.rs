//! The register of a company of nine hundred, for an installation that nobody has used yet.

use contracts::calendar::Day;
use contracts::platforms::PlatformRecord;
use contracts::{PlatformId, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};
use tidings::{Handle, Identity, Tx};

use crate::access::Member;
use crate::actions::{
    archive_platform_in_tx, create_platform_in_tx, create_team_in_tx, edit_platform_in_tx,
    find_in_tx, open_review_in_tx, put_field_in_tx, put_relations_in_tx,
};
use crate::changes::{Action, Changing};
use crate::edit::Edit;
use crate::fields::FieldDraft;
use crate::relation::RelationDraft;
use crate::review::{OutcomeDraft, ReviewDraft, Scope};
use crate::team::TeamEdit;
use crate::{Error, store};

const REGISTER: &str = include_str!("demo/register.json");
const FIRST: &str = "The first entries";
const GONE: &str = "The last machine is gone";

/// Who has filled the register.
#[derive(Clone, Copy, Debug)]
pub struct DemoPeople {
    /// Somebody with the role `infrastructure`.
    pub infrastructure: UserId,
    /// Somebody with the role `accountant`.
    pub accountant: UserId,
    /// Somebody with the role `support`.
    pub support: UserId,
    /// Somebody with the role `engineering`.
    pub engineering: UserId,
}

/// All that the file has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    teams: Vec<TeamEdit>,
    fields: Vec<Field>,
    platforms: Vec<Written>,
    relations: Vec<Related>,
    /// Slugs of what nobody uses any more.
    archived: Vec<String>,
    /// What the accountant has changed since.
    later: Vec<Later>,
    review: Review,
}

#[derive(Deserialize)]
struct Field {
    key: String,
    #[serde(flatten)]
    draft: FieldDraft,
}

/// A platform with its fields by their flat names; days are counted from today.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    by: Author,
    #[serde(default)]
    in_days: Map<String, Value>,
    deprecate: Option<Deprecation>,
    edit: Map<String, Value>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Author {
    #[default]
    Infrastructure,
    Accountant,
    Support,
    Engineering,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deprecation {
    replaced_by: String,
    comment: String,
}

#[derive(Deserialize)]
struct Related {
    from: String,
    #[serde(flatten)]
    relation: RelationDraft,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    slug: String,
    edit: Map<String, Value>,
    comment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    name: String,
    team: String,
    due_in_days: i64,
    found: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    slug: String,
    #[serde(flatten)]
    draft: OutcomeDraft,
}

/// Fills the register with some seventy platforms of twelve teams in one transaction; nothing
/// where there ever was a platform.
///
/// # Errors
/// When the database fails; nothing has been entered then.
pub async fn enter_demo(service: &Handle, people: DemoPeople) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    store::hold_names(&mut tx).await?;
    if store::demo::last_number(&mut tx).await? != 0 {
        return Ok(());
    }
    let register: Register = serde_json::from_str(REGISTER).map_err(unreadable)?;
    let keeper = Keeper {
        tx: &mut tx,
        people,
    };
    keeper.enter(register).await?;
    Ok(tx.commit().await?)
}

/// The platforms that came first, for a repository that has not heard of them yet.
///
/// # Errors
/// When the database fails.
pub async fn demo_platforms(service: &Handle) -> Result<Vec<PlatformRecord>, Error> {
    let mut conn = service.read().await?;
    Ok(store::demo::first(&mut conn).await?)
}

/// Whoever keeps the register, in the transaction that fills it.
struct Keeper<'a> {
    tx: &'a mut Tx,
    people: DemoPeople,
}

impl Keeper<'_> {
    async fn enter(mut self, register: Register) -> Result<(), Error> {
        let setup = self.changing(Author::Infrastructure, Action::Create, FIRST)?;
        for team in &register.teams {
            create_team_in_tx(self.tx, &setup, team).await?;
        }
        for field in &register.fields {
            put_field_in_tx(self.tx, &setup, &field.key, &field.draft, None).await?;
        }
        let mut deprecated = Vec::new();
        for written in register.platforms {
            let edit = self.edit(written.edit, &written.in_days)?;
            let changing = self.changing(written.by, Action::Create, FIRST)?;
            let member = self.member(written.by)?;
            let platform = create_platform_in_tx(self.tx, member, &changing, edit).await?;
            deprecated.extend(written.deprecate.map(|one| (platform.platform_id, one)));
        }
        for (id, deprecation) in deprecated {
            self.deprecate(id, deprecation).await?;
        }
        self.relate(&register.relations).await?;
        for slug in &register.archived {
            let gone = self.changing(Author::Infrastructure, Action::Archive, GONE)?;
            let id = self.find(slug).await?;
            let member = self.member(Author::Infrastructure)?;
            archive_platform_in_tx(self.tx, member, &gone, id, None).await?;
        }
        for later in register.later {
            self.account(later).await?;
        }
        self.review(register.review).await
    }

    fn member(&self, author: Author) -> Result<Member, Error> {
        let (id, role) = match author {
            Author::Infrastructure => (self.people.infrastructure, "infrastructure"),
            Author::Accountant => (self.people.accountant, "accountant"),
            Author::Support => (self.people.support, "support"),
            Author::Engineering => (self.people.engineering, "engineering"),
        };
        Member::of(&Identity {
            user_id: id.uuid(),
            email: String::new(),
            roles: vec![role.to_owned()],
        })
    }

    fn changing(&self, author: Author, action: Action, comment: &str) -> Result<Changing, Error> {
        let by = self.member(author)?.id;
        let changing = Changing::new(self.tx.now(), by, action, comment);
        changing.map_err(|error| Error::Wrong(vec![error]))
    }

    /// The fields as the file has them, with days of the calendar.
    fn edit(
        &self,
        mut fields: Map<String, Value>,
        in_days: &Map<String, Value>,
    ) -> Result<Edit, Error> {
        for (column, days) in in_days {
            let day = self.day(days.as_i64().unwrap_or_default());
            fields.insert(column.clone(), Value::String(day.to_string()));
        }
        Edit::from_json(&fields).map_err(Error::Wrong)
    }

    fn day(&self, from_today: i64) -> Day {
        Day::of(self.tx.now()).minus(-from_today)
    }

    async fn find(&mut self, slug: &str) -> Result<PlatformId, Error> {
        let found = store::resolve(self.tx, slug).await?;
        found.ok_or(Error::PlatformUnknown)
    }

    async fn deprecate(&mut self, id: PlatformId, how: Deprecation) -> Result<(), Error> {
        let mut edit = Edit::default();
        edit.set("lifecycle", "deprecated")
            .map_err(|error| Error::Wrong(vec![error]))?;
        edit.replaced_by = Some(how.replaced_by);
        self.change(Author::Infrastructure, id, edit, &how.comment)
            .await
    }

    async fn change(
        &mut self,
        author: Author,
        id: PlatformId,
        edit: Edit,
        comment: &str,
    ) -> Result<(), Error> {
        let member = self.member(author)?;
        let changing = self.changing(author, Action::Update, comment)?;
        edit_platform_in_tx(self.tx, member, &changing, id, edit, None).await?;
        Ok(())
    }

    /// Each platform is told all of its relations at once, with those that it has already.
    async fn relate(&mut self, all: &[Related]) -> Result<(), Error> {
        let mut done: Vec<&str> = Vec::new();
        for related in all {
            let from = related.from.as_str();
            if done.contains(&from) {
                continue;
            }
            done.push(from);
            let id = self.find(from).await?;
            let own = all.iter().filter(|one| one.from == from);
            let mut drafts: Vec<_> = own.map(|one| one.relation.clone()).collect();
            let before = store::relations::outgoing(self.tx, id).await?;
            drafts.extend(before.iter().map(|one| RelationDraft {
                kind: one.kind.to_string(),
                to: one.to.to_string(),
            }));
            let member = self.member(Author::Infrastructure)?;
            put_relations_in_tx(self.tx, member, "", id, &drafts, None).await?;
        }
        Ok(())
    }

    async fn account(&mut self, later: Later) -> Result<(), Error> {
        let edit = self.edit(later.edit, &Map::new())?;
        let id = self.find(&later.slug).await?;
        self.change(Author::Accountant, id, edit, &later.comment)
            .await
    }

    /// A stock-take of which a part is done.
    async fn review(&mut self, told: Review) -> Result<(), Error> {
        let team = store::teams::find_by_name(self.tx, &told.team).await?;
        let draft = ReviewDraft {
            name: told.name,
            scope: Scope {
                owner: team.map(|team| team.id.to_string()),
                ..Scope::default()
            },
            due_on: self.day(told.due_in_days).to_string(),
        };
        let changing = self.changing(Author::Infrastructure, Action::Create, "")?;
        let review = open_review_in_tx(self.tx, &changing, draft).await?;
        for found in told.found {
            let id = self.find(&found.slug).await?;
            find_in_tx(self.tx, &changing, review.id, id, &found.draft).await?;
        }
        Ok(())
    }
}

fn unreadable(source: serde_json::Error) -> Error {
    Error::Store(tidings::Error::Decode {
        what: "the demonstration's register".to_owned(),
        reason: source.to_string(),
    })
}
