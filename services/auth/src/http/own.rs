//! The API of one's own account: password and sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tidings::{Handle, Json, Problem, SignedIn, Timestamp};
use utoipa::ToSchema;

use super::{Done, User, welcome};
use crate::actions;
use crate::caller::Caller;

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgotten {
    #[serde(default)]
    email: String,
}

/// Ask for a letter with a link to choose a new password. The answer is the same whether or not
/// there is an account.
#[utoipa::path(post, path = "/api/users/forgot", tag = "users", request_body = Forgotten,
    responses(
        (status = 200, description = "If there is such an account, a letter is on its way.", body = Done),
        (status = 400, description = "This is no address."),
        (status = 429, description = "Too many requests from or for this address."),
    ))]
pub(super) async fn forgot(
    State(service): State<Handle>,
    caller: Caller,
    Json(body): Json<Forgotten>,
) -> Result<Json<Done>, Problem> {
    actions::forget_password(&service, &caller, &body.email).await?;
    Ok(Json(Done {}))
}

/// The password as it is, and as it is to be. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Passwords {
    /// The password now.
    #[serde(default)]
    current: String,
    /// The new one, 8 to 128 characters.
    #[serde(default)]
    password: String,
}

/// Change one's password. All other sessions end; this one goes on with a new cookie.
#[utoipa::path(post, path = "/api/users/password", tag = "users", request_body = Passwords,
    responses(
        (status = 200, description = "It is changed; a session cookie is set.", body = User),
        (status = 400, description = "wrong_password, or the new one cannot be taken."),
        (status = 401, description = "Nobody has signed in"),
        (status = 429, description = "Too many failed attempts."),
    ))]
pub(super) async fn change_password(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
    Json(body): Json<Passwords>,
) -> Result<Response, Problem> {
    let id = identity.user_id.into();
    let Passwords { current, password } = &body;
    let entered = actions::change_password(&service, &caller, id, current, password).await?;
    let headers = welcome(&service, &entered)?;
    Ok((headers, Json(User::from(entered.account))).into_response())
}

/// One place where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct OneSession {
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// Noted once a minute.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// Where one is signed in, the newest first.
#[utoipa::path(get, path = "/api/users/sessions", tag = "users",
    responses(
        (status = 200, description = "The sessions that hold", body = [OneSession]),
        (status = 401, description = "Nobody has signed in"),
    ))]
pub(super) async fn sessions(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
) -> Result<Json<Vec<OneSession>>, Problem> {
    let sessions = actions::sessions(&service, &caller, identity.user_id.into()).await?;
    let sessions = sessions.into_iter().map(|(session, current)| OneSession {
        began_at: session.created_at,
        used_at: session.seen_at,
        current,
    });
    Ok(Json(sessions.collect()))
}

/// Sign out everywhere but here.
#[utoipa::path(delete, path = "/api/users/sessions", tag = "users",
    responses(
        (status = 200, description = "All other sessions have ended.", body = Done),
        (status = 401, description = "Nobody has signed in"),
    ))]
pub(super) async fn sign_out_elsewhere(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
) -> Result<Json<Done>, Problem> {
    actions::sign_out_elsewhere(&service, &caller, identity.user_id.into()).await?;
    Ok(Json(Done {}))
}
