//! The API of invitations: for admins, for letters, and for whoever comes.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use contracts::UserId;
use contracts::notifications::Link as Given;
use serde::{Deserialize, Serialize};
use tidings::{
    CallingService, Handle, Json, Path, Problem, RequestContext, SignedIn, Timestamp, Uuid,
};
use utoipa::ToSchema;

use super::people::{Person, admins_only};
use super::{User, welcome};
use crate::Error;
use crate::account::Account;
use crate::actions::{self, Guest, Invited};
use crate::caller::Caller;
use crate::link::{Link, Purpose};

/// Who may ask for the links of letters.
const SENDER: &str = "notifications";

/// The route that gives links to letters. It is for a service, and in no document for people.
pub(super) fn for_letters() -> Router<Handle> {
    Router::new().route("/api/users/links/{id}", post(give))
}

async fn give(
    State(service): State<Handle>,
    CallingService(caller): CallingService,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<Given>, Problem> {
    if caller != SENDER {
        return Err(Error::NotALetter.into());
    }
    let link = actions::give_link(&service, context, id).await?;
    Ok(Json(Given { link }))
}

/// How an invitation stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Invitation {
    /// Until when its link is good, RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// `asked`: the letter has not gone yet, and is tried again; `sent`; `failed`.
    letter: &'static str,
    /// Why it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<&Link> for Invitation {
    fn from(link: &Link) -> Self {
        Self {
            ends_at: link.ends_at,
            letter: link.letter.word(),
            reason: link.letter.reason().map(ToOwned::to_owned),
        }
    }
}

/// An account that has just been made. It has no `Debug`, so that no log can hold the link.
#[derive(Serialize, ToSchema)]
pub(super) struct Answer {
    #[serde(flatten)]
    person: Person,
    /// To be handed over, where there is no mail server. It is never told again.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl Answer {
    pub(super) fn id(&self) -> UserId {
        self.person.id
    }
}

impl From<Account> for Answer {
    fn from(account: Account) -> Self {
        Self {
            person: account.into(),
            link: None,
        }
    }
}

impl From<Invited> for Answer {
    fn from(invited: Invited) -> Self {
        let mut person = Person::from(invited.account);
        person.invitation = Some(Invitation {
            ends_at: invited.ends_at,
            letter: "asked",
            reason: None,
        });
        Self {
            person,
            link: invited.address,
        }
    }
}

/// People to be invited, all with the same roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Guests {
    /// 1 to 500 of them.
    #[serde(default)]
    people: Vec<OneGuest>,
    /// Of `worker`, `manager`, `accountant`, `infrastructure`, `support`, `engineering`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OneGuest {
    #[serde(default)]
    email: String,
    /// Full name.
    #[serde(default)]
    name: String,
}

/// Invite many people at once: all of them, or nobody.
#[utoipa::path(post, path = "/api/users/invitations", tag = "users", request_body = Guests,
    responses(
        (status = 201, description = "The accounts, in the order of the request", body = [Answer]),
        (status = 400, description = "What is wrong, by line: bad_email, bad_name, email_taken, already_invited, invited_twice; unknown_role, bad_number_of_people. Nobody was invited"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only admins"),
    ))]
pub(super) async fn invite(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(body): Json<Guests>,
) -> Result<impl IntoResponse, Problem> {
    admins_only(&identity)?;
    let guests = body.people.into_iter().zip(1..);
    let guests = guests.map(|(OneGuest { email, name }, line)| Guest { line, email, name });
    let guests: Vec<Guest> = guests.collect();
    let invited = actions::invite(&service, context, &guests, &body.roles).await?;
    let answers: Vec<Answer> = invited.into_iter().map(Answer::from).collect();
    Ok((StatusCode::CREATED, Json(answers)))
}

/// Invite somebody again: the link of before is dead, and the seven days begin anew.
#[utoipa::path(post, path = "/api/users/{id}/invitation", tag = "users",
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account, and the link where there is no mail server", body = Answer),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only admins"),
        (status = 404, description = "No such account"),
        (status = 409, description = "not_invited"),
    ))]
pub(super) async fn again(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<Answer>, Problem> {
    admins_only(&identity)?;
    let invited = actions::invite_again(&service, context, id.into()).await?;
    Ok(Json(invited.into()))
}

/// Withdraw an invitation: its link is dead, and the account is gone.
#[utoipa::path(delete, path = "/api/users/{id}/invitation", tag = "users",
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 204, description = "It is withdrawn"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only admins"),
        (status = 404, description = "No such account"),
        (status = 409, description = "not_invited"),
    ))]
pub(super) async fn withdraw(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    admins_only(&identity)?;
    actions::withdraw(&service, context, id.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link's secret, and the password that is chosen. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    /// What stands behind the last slash of the link.
    #[serde(default)]
    token: String,
    /// 8 to 128 characters.
    #[serde(default)]
    password: String,
}

async fn come(
    service: &Handle,
    caller: &Caller,
    purpose: Purpose,
    chosen: &Chosen,
) -> Result<Response, Problem> {
    let Chosen { token, password } = chosen;
    let entered = actions::use_link(service, caller, purpose, token, password).await?;
    let headers = welcome(service, &entered)?;
    Ok((headers, Json(User::from(entered.account))).into_response())
}

/// Accept an invitation: choose a password, and sign in.
#[utoipa::path(post, path = "/api/users/accept", tag = "users", request_body = Chosen,
    responses(
        (status = 200, description = "The account; a session cookie is set.", body = User),
        (status = 400, description = "The password cannot be taken; the link is still good."),
        (status = 410, description = "link_dead: used, ended, replaced, withdrawn, or never there."),
    ))]
pub(super) async fn accept(
    State(service): State<Handle>,
    caller: Caller,
    Json(chosen): Json<Chosen>,
) -> Result<Response, Problem> {
    come(&service, &caller, Purpose::Invitation, &chosen).await
}

/// Choose a new password with the link of a letter; everybody who was signed in is out.
#[utoipa::path(post, path = "/api/users/reset", tag = "users", request_body = Chosen,
    responses(
        (status = 200, description = "The account; a session cookie is set.", body = User),
        (status = 400, description = "The password cannot be taken; the link is still good."),
        (status = 410, description = "link_dead: used, ended, or never there."),
    ))]
pub(super) async fn reset(
    State(service): State<Handle>,
    caller: Caller,
    Json(chosen): Json<Chosen>,
) -> Result<Response, Problem> {
    come(&service, &caller, Purpose::Reset, &chosen).await
}
