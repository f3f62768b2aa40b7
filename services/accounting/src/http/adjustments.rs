//! Accounts are set right.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::UserId;
use serde::{Deserialize, Serialize};
use tidings::{Handle, Json, Path, Problem, RequestContext, SignedIn, Timestamp, Uuid, uuid_at};
use utoipa::ToSchema;

use super::wire::USD;
use crate::access;
use crate::actions::adjust_in_tx;
use crate::adjustment::Adjustment;
use crate::error::Error;

/// What an account is to be set right by.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// What is given to its owner, in cents; less than zero is taken. Not zero, and at most
    /// 1000000 either way.
    #[serde(default)]
    #[schema(example = -250)]
    amount_minor: i64,
    /// Why; its owner reads it, too.
    #[serde(default)]
    #[schema(max_length = 500, example = "The task of Monday was charged twice")]
    note: String,
}

/// An adjustment that was posted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdjustmentBody {
    id: Uuid,
    account_id: Uuid,
    amount_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
    note: String,
    /// The day that it counts for.
    #[schema(example = "2026-03-14")]
    billing_day: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether today was closed already.
    late: bool,
    /// What is in the account now.
    balance_minor: i64,
}

/// Set somebody's account right. It is posted like every movement and stands for ever: a
/// mistake is made good by another one. What management earned does not count it.
#[utoipa::path(post, path = "/api/accounts/{id}/adjustments", tag = "accounting",
    params(("id" = Uuid, Path, description = "The account")),
    request_body = Wish,
    responses(
        (status = 201, description = "Posted", body = AdjustmentBody,
            headers(("Location" = String, description = "The account's log of that day"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither an accountant nor an administrator, or one's own account"),
        (status = 404, description = "No such account"),
        (status = 422, description = "bad_amount, bad_note"),
    ))]
pub(super) async fn adjust(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    Json(wish): Json<Wish>,
) -> Result<impl IntoResponse, Problem> {
    let account_id = UserId::from(id);
    access::adjust(&identity, account_id)?;
    let checked = Adjustment::try_new(wish.amount_minor, &wish.note);
    let adjustment = checked.map_err(Error::Wrong)?;
    let Adjustment { amount_minor, note } = adjustment.clone();
    let mut tx = service.begin(context).await?;
    let at = tx.now();
    // A request that is sent again is told apart by its Idempotency-Key.
    let posted = adjust_in_tx(&mut tx, account_id, uuid_at(at), adjustment).await?;
    let billing_day = posted.billing_day.to_string();
    let log = format!("/api/accounts/{id}/log?day={billing_day}");
    let location = [(header::LOCATION, log)];
    let body = AdjustmentBody {
        id: posted.id.uuid(),
        account_id: id,
        amount_minor,
        currency: USD,
        note,
        billing_day,
        at,
        late: posted.late,
        balance_minor: posted.balance_minor,
    };
    tx.answer(StatusCode::CREATED, &location, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, location, Json(body)))
}
