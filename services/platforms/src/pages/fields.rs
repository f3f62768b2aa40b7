//! The pages of custom fields.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::platforms::PlatformKind;
use serde::Deserialize;
use tidings::{Form, Fragment, Handle, Path, Problem, Query, RequestContext, SignedIn};

use super::wrong::Wrong;
use super::{Asked, seen, wrong_of};
use crate::access::Member;
use crate::actions::{delete_field_in_tx, put_field_in_tx};
use crate::changes::{Action, Changing};
use crate::fields::{CustomField, FieldDraft, FieldType};
use crate::{Error, store};

/// What the page tells of.
const DONE: [&str; 3] = ["added", "saved", "deleted"];

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/fields", get(show).post(create))
        .route("/platforms/fields/{key}", get(form).post(save))
        .route("/platforms/fields/{key}/delete", post(delete))
}

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    key: String,
    label: String,
    #[serde(rename = "type")]
    kind: String,
    required: Option<String>,
    /// One a line.
    allowed_values: String,
    applies_to_kind: String,
    /// The version of the field that was seen.
    version: String,
}

impl Typed {
    fn of(field: &CustomField) -> Self {
        let told = &field.told;
        let kind = told.applies_to_kind.map(|kind| kind.to_string());
        Self {
            key: field.key.clone(),
            label: told.label.clone(),
            kind: told.kind.to_string(),
            required: told.required.then(|| "yes".to_owned()),
            allowed_values: told.allowed_values.join("\n"),
            applies_to_kind: kind.unwrap_or_default(),
            version: field.version.to_string(),
        }
    }

    /// What each field says that says something else in another form, with its label.
    fn differing(&self, other: &Self) -> Vec<(&'static str, String)> {
        let text = |typed: &Self| {
            let required = typed.required.as_ref().map_or("no", |_| "yes");
            [
                ("Label", typed.label.clone()),
                ("Type", typed.kind.clone()),
                (
                    "Choices",
                    typed.allowed_values.replace("\r\n", "\n").trim().to_owned(),
                ),
                ("For platforms of the kind", typed.applies_to_kind.clone()),
                ("Every new platform must have it", required.to_owned()),
            ]
        };
        let pairs = text(self).into_iter().zip(text(other));
        let pairs = pairs.filter(|(own, other)| own != other);
        pairs.map(|(own, _)| own).collect()
    }

    fn draft(&self) -> FieldDraft {
        FieldDraft {
            label: self.label.clone(),
            kind: self.kind.clone(),
            required: self.required.is_some(),
            allowed_values: self.allowed_values.lines().map(str::to_owned).collect(),
            applies_to_kind: Some(self.applies_to_kind.clone()),
            comment: String::new(),
        }
    }
}

/// The words that can be chosen: of types, and of kinds of platforms.
struct Words {
    types: Vec<&'static str>,
    kinds: Vec<&'static str>,
}

impl Words {
    fn all() -> Self {
        Self {
            types: FieldType::ALL.iter().map(|one| one.as_str()).collect(),
            kinds: PlatformKind::ALL.iter().map(|one| one.as_str()).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "fields.html")]
struct Fields {
    may_edit: bool,
    done: &'static str,
    rows: Vec<CustomField>,
    words: Words,
    typed: Typed,
    wrong: Wrong,
}

async fn page(
    service: &Handle,
    member: Member,
    done: &'static str,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let status = wrong.status;
    let page = Fields {
        may_edit: member.may_edit(),
        done,
        rows: store::fields::all(&mut service.read().await?).await?,
        words: Words::all(),
        typed,
        wrong,
    };
    let fragment = Fragment::try_new("Custom fields", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/fields`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let (typed, wrong) = (Typed::default(), Wrong::default());
    page(&service, member, asked.done(&DONE), typed, wrong).await
}

/// Defines a field as it was typed; a new one must be new.
async fn put(
    service: &Handle,
    member: Member,
    context: tidings::Context,
    typed: &Typed,
    is_new: bool,
) -> Result<(), Error> {
    let changing = Changing::new(service.now(), member.id, Action::Update, "")?;
    let mut tx = service.begin(context).await?;
    if is_new && store::fields::find(&mut tx, &typed.key).await?.is_some() {
        let message = "There is a field of this key: change that one.";
        return Err(crate::edit::wrong("key", "field_exists", message).into());
    }
    let (draft, seen) = (typed.draft(), seen(&typed.version));
    put_field_in_tx(&mut tx, &changing, &typed.key, &draft, seen).await?;
    tx.commit().await?;
    Ok(())
}

/// POST `/platforms/fields`
async fn create(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    match put(&service, member, context, &typed, true).await {
        Ok(()) => Ok(Redirect::to("/platforms/fields?done=added").into_response()),
        Err(error) => page(&service, member, "", typed, error.try_into()?).await,
    }
}

#[derive(Template)]
#[template(path = "field.html")]
struct FieldForm {
    key: String,
    label: String,
    is_going: bool,
    /// How many platforms have a value in it.
    used: u64,
    words: Words,
    typed: Typed,
    /// What others have made of it since it was seen.
    meanwhile: Vec<(&'static str, String)>,
    wrong: Wrong,
}

async fn form_page(
    service: &Handle,
    key: String,
    typed: Option<Typed>,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let field = store::fields::find(&mut conn, &key).await?;
    let field = field.ok_or(Error::FieldUnknown)?;
    let status = wrong.status;
    let now = Typed::of(&field);
    let mut typed = typed.unwrap_or_else(|| now.clone());
    let mut meanwhile = Vec::new();
    if status == StatusCode::PRECONDITION_FAILED {
        // Whoever saves again has seen what the other has made of it.
        typed.version.clone_from(&now.version);
        meanwhile = now.differing(&typed);
    }
    let page = FieldForm {
        used: store::fields::used(&mut conn, &key).await?,
        is_going: field.removed_at.is_some(),
        label: field.told.label,
        words: Words::all(),
        key,
        typed,
        meanwhile,
        wrong,
    };
    let fragment = Fragment::try_new("Custom field", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/fields/{key}`
async fn form(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    Member::of(&who)?.must_edit()?;
    form_page(&service, key, None, Wrong::default()).await
}

/// POST `/platforms/fields/{key}`
async fn save(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(key): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let typed = Typed {
        key: key.clone(),
        ..typed
    };
    match put(&service, member, context, &typed, false).await {
        Ok(()) => Ok(Redirect::to("/platforms/fields?done=saved").into_response()),
        Err(error) => form_page(&service, key, Some(typed), wrong_of(error)?).await,
    }
}

/// How a field is removed.
#[derive(Deserialize)]
struct Removed {
    drop_values: Option<String>,
}

/// POST `/platforms/fields/{key}/delete`
async fn delete(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(key): Path<String>,
    Form(removed): Form<Removed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let drop_values = removed.drop_values.is_some();
    let deleted = async {
        let changing = Changing::new(service.now(), member.id, Action::Delete, "")?;
        let mut tx = service.begin(context).await?;
        delete_field_in_tx(&mut tx, &changing, &key, drop_values).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match deleted.await {
        Ok(()) => Ok(Redirect::to("/platforms/fields?done=deleted").into_response()),
        Err(error) => form_page(&service, key, None, error.try_into()?).await,
    }
}
