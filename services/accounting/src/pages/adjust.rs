//! The form on an account's page that sets it right.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::UserId;
use serde::Deserialize;
use tidings::{
    Context, FieldError, Form, Handle, Paging, Path, Problem, RequestContext, SignedIn, Timestamp,
    Uuid, uuid_at,
};

use super::account;
use crate::access;
use crate::actions::adjust_in_tx;
use crate::adjustment::{Adjustment, read_amount};
use crate::error::Error;
use crate::store::ByTime;

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// `give` or `take`.
    pub(super) way: String,
    pub(super) amount: String,
    pub(super) note: String,
    /// The form's own number: sent twice, it is posted once.
    once: String,
}

/// The form as the page shows it.
pub(super) struct AdjustForm {
    pub(super) once: Uuid,
    pub(super) typed: Typed,
    wrong: Vec<FieldError>,
    /// Why nothing was posted, if that is no field's fault.
    pub(super) refused: Option<String>,
}

impl AdjustForm {
    pub(super) fn blank(now: Timestamp) -> Self {
        Self {
            once: uuid_at(now),
            typed: Typed::default(),
            wrong: Vec::new(),
            refused: None,
        }
    }

    /// What is wrong with the fields: the id of each on the page, and a sentence.
    pub(super) fn mistakes(&self) -> Vec<(&'static str, &str)> {
        let of = |one: &'_ FieldError| match one.field.as_deref() {
            Some("note") => "note",
            _ => "amount",
        };
        let all = self.wrong.iter();
        all.map(|one| (of(one), one.message.as_str())).collect()
    }

    pub(super) fn mistake(&self, id: &str) -> Option<&str> {
        let found = self.mistakes().into_iter().find(|(field, _)| *field == id);
        found.map(|(_, message)| message)
    }

    /// Whether the form is to be seen at once.
    pub(super) fn is_open(&self) -> bool {
        !self.wrong.is_empty()
    }
}

impl Typed {
    fn check(&self) -> Result<Adjustment, Vec<FieldError>> {
        let amount = read_amount(&self.amount).map(|minor| match self.way.as_str() {
            "take" => -minor,
            _ => minor,
        });
        // Whatever the amount is, the note is looked at as well.
        let checked = Adjustment::try_new(*amount.as_ref().unwrap_or(&1), &self.note);
        let Err(message) = amount else {
            return checked;
        };
        let amount = FieldError {
            code: "bad_amount",
            message,
            field: Some("amount_minor".to_owned()),
        };
        let others = checked.err().unwrap_or_default();
        Err(std::iter::once(amount).chain(others).collect())
    }
}

/// POST `/exchange/books/accounts/{id}/adjustments`
pub(super) async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    paging: Paging<ByTime>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let page = account::path_of(id.into());
    let account_id = UserId::from(id);
    access::adjust(&who, account_id)?;
    let error = match post(&service, context, account_id, &typed).await {
        Ok(()) => return Ok(Redirect::to(&format!("{page}?done=adjusted")).into_response()),
        Err(error @ (Error::Wrong(_) | Error::AlreadyPosted)) => Problem::from(error),
        Err(error) => return Err(error.into()),
    };
    let blank = AdjustForm::blank(service.now());
    let form = match error.code() {
        "already_posted" => AdjustForm {
            refused: Some(error.message().to_owned()),
            ..blank
        },
        _ => AdjustForm {
            typed,
            wrong: error.errors().to_vec(),
            ..blank
        },
    };
    let page = account::with_form(&service, account_id, form, &paging).await?;
    Ok(page.status(error.status()).into_response())
}

async fn post(
    service: &Handle,
    context: Context,
    account_id: UserId,
    typed: &Typed,
) -> Result<(), Error> {
    let adjustment = typed.check().map_err(Error::Wrong)?;
    let mut tx = service.begin(context).await?;
    let once = Uuid::try_parse(&typed.once).unwrap_or_else(|_| uuid_at(tx.now()));
    adjust_in_tx(&mut tx, account_id, once, adjustment).await?;
    Ok(tx.commit().await?)
}
