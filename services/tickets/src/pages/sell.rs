//! The form in which a ticket is offered and edited.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::{Currency, TicketId};
use serde::Deserialize;
use tidings::{Form, Fragment, Handle, Path, Problem, RequestContext, SignedIn};

use super::datetime_field;
use crate::actions::{Seen, edit_ticket, list_ticket};
use crate::price::{parse_price, typed};
use crate::{Category, Draft, Error, Listing, Wrong, store};

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    price: String,
    currency: String,
    category: String,
    venue: String,
    city: String,
    seat: String,
    starts_at: String,
    notes: String,
    /// The version that the form was filled from, when it edits.
    version: String,
}

impl Typed {
    fn blank() -> Self {
        Self {
            currency: Currency::default().code().to_owned(),
            category: Category::Concert.as_str().to_owned(),
            ..Self::default()
        }
    }

    fn of(listing: Listing) -> Self {
        let offer = listing.offer;
        Self {
            price: typed(offer.price_minor),
            currency: offer.currency.code().to_owned(),
            category: offer.category.as_str().to_owned(),
            starts_at: offer
                .starts_at
                .map(datetime_field::typed)
                .unwrap_or_default(),
            title: offer.title,
            venue: offer.venue,
            city: offer.city,
            seat: offer.seat,
            notes: offer.notes,
            version: listing.version.to_string(),
        }
    }

    /// A draft, and what is wrong with fields that are typed in another way than they are kept.
    fn draft(&self) -> (Draft, Vec<Wrong>) {
        let mut wrong = Vec::new();
        let price_minor = parse_price(&self.price).unwrap_or_else(|text| {
            wrong.push(Wrong::new("price", "bad_price", text));
            // Some price that is accepted, so that the other fields are checked as well.
            1
        });
        let starts_at = datetime_field::read(&self.starts_at).unwrap_or_else(|text| {
            wrong.push(Wrong::new("starts_at", "bad_start", text));
            None
        });
        let draft = Draft {
            title: self.title.clone(),
            price_minor,
            currency: self.currency.clone(),
            category: self.category.clone(),
            venue: self.venue.clone(),
            city: self.city.clone(),
            seat: self.seat.clone(),
            notes: self.notes.clone(),
            starts_at,
        };
        (draft, wrong)
    }
}

#[derive(Template)]
#[template(path = "sell.html")]
struct Sell {
    /// The listing that is edited; none when a ticket is offered.
    editing: Option<TicketId>,
    typed: Typed,
    wrong: Vec<Wrong>,
    categories: [Category; 4],
}

impl Sell {
    fn mistake(&self, field: &str) -> Option<&str> {
        let found = self.wrong.iter().find(|wrong| wrong.field == field);
        found.map(|wrong| wrong.message.as_str())
    }
}

fn form(editing: Option<TicketId>, typed: Typed, wrong: Vec<Wrong>) -> Result<Fragment, Problem> {
    let title = if editing.is_some() {
        "Edit a ticket"
    } else {
        "Sell a ticket"
    };
    let sell = Sell {
        editing,
        typed,
        wrong,
        categories: Category::ALL,
    };
    Fragment::try_new(title, sell.render())
}

/// GET `/sell`
pub(super) async fn blank(_: SignedIn) -> Result<Fragment, Problem> {
    form(None, Typed::blank(), Vec::new())
}

/// POST `/sell`
pub(super) async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let (draft, mut wrong) = typed.draft();
    if !wrong.is_empty() {
        wrong.extend(draft.check(service.now()).err().unwrap_or_default());
        return again(None, typed, wrong);
    }
    match list_ticket(&service, context, who.user_id.into(), draft).await {
        Ok(listing) => {
            let url = format!("/tickets/{}?done=listed", listing.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(Error::Invalid(wrong)) => again(None, typed, wrong),
        Err(error) => Err(error.into()),
    }
}

/// GET `/tickets/{id}/edit`
pub(super) async fn filled(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
    SignedIn(who): SignedIn,
) -> Result<Fragment, Problem> {
    let found = store::find(&mut service.read().await?, id).await?;
    let listing = found.ok_or(Error::NotFound)?;
    if listing.seller_id.uuid() != who.user_id {
        return Err(Error::NotYours.into());
    }
    listing.may_change()?;
    form(Some(id), Typed::of(listing), Vec::new())
}

/// POST `/tickets/{id}/edit`
pub(super) async fn save(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let (draft, mut wrong) = typed.draft();
    if !wrong.is_empty() {
        wrong.extend(draft.check(service.now()).err().unwrap_or_default());
        return again(Some(id), typed, wrong);
    }
    let seen = (!typed.version.is_empty()).then(|| Seen(format!("\"{}\"", typed.version)));
    let seller_id = who.user_id.into();
    match edit_ticket(&service, context, seller_id, id, draft, seen.as_ref()).await {
        Ok(_) => Ok(Redirect::to(&format!("/tickets/{id}?done=saved")).into_response()),
        Err(Error::Invalid(wrong)) => again(Some(id), typed, wrong),
        Err(error @ (Error::Refused(_) | Error::Stale { .. } | Error::Overtaken)) => {
            // What was typed stays in sight, for whoever wants to take it along.
            let problem = Problem::from(error);
            let wrong = Wrong::new("title", problem.code(), problem.message());
            let page = form(Some(id), typed, vec![wrong])?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn again(editing: Option<TicketId>, typed: Typed, wrong: Vec<Wrong>) -> Result<Response, Problem> {
    let page = form(editing, typed, wrong)?;
    Ok(page.status(StatusCode::BAD_REQUEST).into_response())
}
