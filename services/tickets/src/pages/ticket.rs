//! One ticket, in every state, for buyers and for its seller.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::TicketId;
use serde::Deserialize;
use tidings::{
    Fragment, Handle, Identity, Path, Problem, Query, RequestContext, SignedIn, Timestamp,
};

use super::market::place;
use crate::actions::withdraw_ticket;
use crate::{Error, Listing, State as Standing, store};

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct Ticket {
    listing: Listing,
    place: String,
    when: Option<Timestamp>,
    price: String,
    viewer: Viewer,
    on_market: bool,
    notice: Option<&'static str>,
    mistake: Option<String>,
}

#[derive(PartialEq)]
enum Viewer {
    Stranger,
    Buyer,
    Seller,
}

impl Ticket {
    fn status(&self) -> &'static str {
        self.listing.state.as_str()
    }

    fn label(&self) -> &'static str {
        match self.listing.state {
            Standing::Available => "Available",
            Standing::Reserved(_) => "Reserved",
            Standing::Sold(_) => "Sold",
            Standing::Withdrawn => "Withdrawn",
        }
    }
}

/// GET `/tickets/{id}`
pub(super) async fn show(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
    identity: Option<SignedIn>,
    Query(done): Query<Done>,
) -> Result<Fragment, Problem> {
    let notice = match done.done.as_deref() {
        Some("listed") => Some("It is on sale."),
        Some("saved") => Some("What you have changed is on sale."),
        Some("withdrawn") => Some("It is off the market."),
        _ => None,
    };
    render(
        &service,
        id,
        identity.as_ref().map(|SignedIn(who)| who),
        notice,
        None,
    )
    .await
}

/// POST `/tickets/{id}/withdraw`
pub(super) async fn withdraw(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
) -> Result<Response, Problem> {
    match withdraw_ticket(&service, context, who.user_id.into(), id).await {
        Ok(_) => Ok(Redirect::to(&format!("/tickets/{id}?done=withdrawn")).into_response()),
        Err(Error::Refused(refused)) => {
            let problem = Problem::from(refused);
            let mistake = Some(problem.message().to_owned());
            let page = render(&service, id, Some(&who), None, mistake).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn render(
    service: &Handle,
    id: TicketId,
    identity: Option<&Identity>,
    notice: Option<&'static str>,
    mistake: Option<String>,
) -> Result<Fragment, Problem> {
    let found = store::find(&mut service.read().await?, id).await?;
    let listing = found.ok_or(Error::NotFound)?;
    let viewer = match identity {
        None => Viewer::Stranger,
        Some(who) if listing.seller_id.uuid() == who.user_id => Viewer::Seller,
        Some(_) => Viewer::Buyer,
    };
    let title = listing.offer.title.clone();
    let live = format!("/tickets/{id}/live?seen={}", listing.version);
    let ticket = Ticket {
        place: place(&listing),
        when: listing.offer.starts_at,
        price: listing.price().to_string(),
        viewer,
        on_market: listing.is_on_market(service.now()),
        notice,
        mistake,
        listing,
    };
    Ok(Fragment::try_new(title, ticket.render())?.live(live))
}
