//! The API for admins: who there is, what they are called and may do.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::UserId;
use serde::{Deserialize, Serialize};
use tidings::{
    Conn, Handle, Identity, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn,
    Timestamp, Uuid,
};
use utoipa::{IntoParams, ToSchema};

use crate::Error;
use crate::account::{Account, Role, Standing};
use crate::actions::{Guest, Newcomer, Wish, add_person, change_person, invite};
use crate::http::invitations::{Answer, Invitation};
use crate::store::links;
use crate::store::people::{self, Listed, Narrowed};

/// # Errors
/// For whoever is no admin.
pub(crate) fn admins_only(identity: &Identity) -> Result<(), Error> {
    match identity.has_role(Role::Admin.name()) {
        true => Ok(()),
        false => Err(Error::NotAnAdmin),
    }
}

/// An account as admins see it.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    #[schema(value_type = String, format = Uuid)]
    pub(super) id: UserId,
    email: String,
    /// Full name; empty when nobody has said it.
    name: String,
    roles: Vec<String>,
    /// `active`, `invited`, `disabled`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// Only of somebody who is invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) invitation: Option<Invitation>,
    /// Rises by one with every change.
    version: u64,
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        Self {
            status: account.standing().word(),
            id: account.id,
            email: account.email,
            name: account.name,
            roles: account.roles,
            created_at: None,
            invitation: None,
            version: account.version,
        }
    }
}

impl From<Listed> for Person {
    fn from(listed: Listed) -> Self {
        Self {
            created_at: Some(listed.created_at),
            ..listed.account.into()
        }
    }
}

/// What narrows the list of accounts.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Words that all must be in name or address.
    q: Option<String>,
    /// Only accounts with this role.
    role: Option<String>,
    /// Only accounts that stand so: `active`, `invited`, `disabled`.
    status: Option<String>,
}

impl Asked {
    pub(crate) fn check(self) -> Result<Narrowed, Problem> {
        let role = self.role.filter(|role| !role.is_empty());
        let role = role.map(|role| Role::of_name(&role).ok_or(Error::UnknownRole));
        Ok(Narrowed {
            q: self.q.unwrap_or_default(),
            role: role.transpose()?,
            standing: read_standing(self.status.as_deref())?,
        })
    }
}

fn read_standing(word: Option<&str>) -> Result<Option<Standing>, Problem> {
    let word = word.filter(|word| !word.is_empty());
    let read = |word| {
        let text = "status must be active, invited or disabled.";
        Standing::of_word(word).ok_or_else(|| Problem::field("bad_status", "status", text))
    };
    word.map(read).transpose()
}

/// An admin shuts accounts and opens them; only the owner ends an invitation.
fn read_disabled(word: Option<&str>) -> Result<Option<bool>, Problem> {
    match read_standing(word)? {
        None => Ok(None),
        Some(Standing::Active) => Ok(Some(false)),
        Some(Standing::Disabled) => Ok(Some(true)),
        Some(Standing::Invited) => {
            let text = "status can be set to active or disabled.";
            Err(Problem::field("bad_status", "status", text))
        }
    }
}

/// All accounts, newest first.
#[utoipa::path(get, path = "/api/users", tag = "users", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The accounts; a Link header leads to the next part", body = [Person]),
    (status = 400, description = "unknown_role, bad_status, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Only admins"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<List<Person>, Problem> {
    admins_only(&identity)?;
    let narrowed = asked.check()?;
    let mut conn = service.read().await?;
    let rows = people::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.account.id.uuid()));
    let items = with_invitations(&mut conn, rows).await?;
    Ok(List { items, next })
}

async fn with_invitations(conn: &mut Conn, rows: Vec<Listed>) -> Result<Vec<Person>, Problem> {
    let invited = rows.iter().filter(|row| row.account.invited);
    let invited: Vec<UserId> = invited.map(|row| row.account.id).collect();
    let links = links::invitations_of(conn, &invited).await?;
    let mut people: Vec<Person> = rows.into_iter().map(Person::from).collect();
    for person in &mut people {
        let own = links.iter().find(|link| link.account_id == person.id);
        person.invitation = own.map(Invitation::from);
    }
    Ok(people)
}

/// An account for somebody else. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPerson {
    #[serde(default)]
    email: String,
    /// Full name.
    #[serde(default)]
    name: String,
    /// A first password, which is handed over; 8 to 128 characters. Without one the person is
    /// invited, and chooses it.
    password: Option<String>,
    /// Of `worker`, `manager`, `accountant`, `infrastructure`, `support`, `engineering`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
}

/// Invite somebody, or make an account with a first password.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewPerson, responses(
    (status = 201, description = "The account, and the link where there is no mail server", body = Answer,
        headers(("Location" = String, description = "Where it is"))),
    (status = 400, description = "Bad or taken address, bad password, bad name, unknown_role"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Only admins"),
))]
pub(super) async fn add(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(body): Json<NewPerson>,
) -> Result<impl IntoResponse, Problem> {
    admins_only(&identity)?;
    let answer = match &body.password {
        Some(password) => {
            let newcomer = Newcomer {
                email: &body.email,
                name: &body.name,
                password,
                roles: &body.roles,
            };
            Answer::from(add_person(&service, context, &newcomer).await?)
        }
        None => {
            let guest = Guest::alone(&body.email, &body.name);
            let invited = invite(&service, context, &[guest], &body.roles).await;
            let mut invited = invited.map_err(Error::of_one)?;
            Answer::from(invited.pop().ok_or(Error::BadNumberOfGuests)?)
        }
    };
    let location = [(header::LOCATION, format!("/api/users/{}", answer.id()))];
    Ok((StatusCode::CREATED, location, Json(answer)))
}

/// An account.
#[utoipa::path(get, path = "/api/users/{id}", tag = "users",
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = Person),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only admins"),
        (status = 404, description = "No such account"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Person>, Problem> {
    admins_only(&identity)?;
    let mut conn = service.read().await?;
    let found = people::find(&mut conn, id.into()).await?;
    let people = with_invitations(&mut conn, found.into_iter().collect()).await?;
    let person = people.into_iter().next().ok_or(Error::UnknownAccount)?;
    Ok(Json(person))
}

/// What is to be different; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePerson {
    name: Option<String>,
    /// All that it is to have of `worker`, `manager`, `accountant`, `infrastructure`, `support`,
    /// `engineering`, `admin`. Other roles are not touched.
    roles: Option<Vec<String>>,
    /// `active`, `disabled`.
    status: Option<String>,
}

/// Change name, roles or standing of an account. Audited.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", request_body = ChangePerson,
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account as it is now", body = Person),
        (status = 400, description = "bad_name, unknown_role or bad_status"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only admins"),
        (status = 404, description = "No such account"),
        (status = 409, description = "last_admin: there would be no admin left"),
    ))]
pub(super) async fn change(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangePerson>,
) -> Result<Json<Person>, Problem> {
    admins_only(&identity)?;
    let wish = Wish {
        name: body.name,
        roles: body.roles,
        disabled: read_disabled(body.status.as_deref())?,
    };
    let account = change_person(&service, context, id.into(), &wish).await?;
    Ok(Json(account.into()))
}
