//! The API for admins: who there is, what they are called and may do.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::UserId;
use serde::{Deserialize, Serialize};
use tidings::{
    Handle, Identity, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn,
    Timestamp, Uuid,
};
use utoipa::{IntoParams, ToSchema};

use crate::Error;
use crate::account::{Account, Role};
use crate::actions::{Newcomer, Wish, add_person, change_person};
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
    id: UserId,
    email: String,
    /// Full name; empty when nobody has said it.
    name: String,
    roles: Vec<String>,
    /// `active`, `disabled`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// Rises by one with every change.
    version: u64,
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            name: account.name,
            roles: account.roles,
            status: if account.disabled {
                "disabled"
            } else {
                "active"
            },
            created_at: None,
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
    /// Only accounts that stand so: `active`, `disabled`.
    status: Option<String>,
}

impl Asked {
    pub(crate) fn check(self) -> Result<Narrowed, Problem> {
        let role = self.role.filter(|role| !role.is_empty());
        let role = role.map(|role| Role::of_name(&role).ok_or(Error::UnknownRole));
        Ok(Narrowed {
            q: self.q.unwrap_or_default(),
            role: role.transpose()?,
            disabled: read_status(self.status.as_deref())?,
        })
    }
}

fn read_status(word: Option<&str>) -> Result<Option<bool>, Problem> {
    match word {
        None | Some("") => Ok(None),
        Some("active") => Ok(Some(false)),
        Some("disabled") => Ok(Some(true)),
        Some(_) => {
            let text = "status must be active or disabled.";
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
    let items = rows.into_iter().map(Person::from).collect();
    Ok(List { items, next })
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
    /// A first password, which is handed over; 8 to 128 characters.
    #[serde(default)]
    password: String,
    /// `worker`, `manager`, `accountant`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
}

/// Make an account for somebody.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewPerson, responses(
    (status = 201, description = "The account", body = Person,
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
    let newcomer = Newcomer {
        email: &body.email,
        name: &body.name,
        password: &body.password,
        roles: &body.roles,
    };
    let account = add_person(&service, context, &newcomer).await?;
    let location = [(header::LOCATION, format!("/api/users/{}", account.id))];
    Ok((StatusCode::CREATED, location, Json(Person::from(account))))
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
    let found = people::find(&mut service.read().await?, id.into()).await?;
    let found = found.ok_or(Error::UnknownAccount)?;
    Ok(Json(found.into()))
}

/// What is to be different; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePerson {
    name: Option<String>,
    /// All roles of the task exchange that it is to have: `worker`, `manager`, `accountant`,
    /// `admin`. Other roles are not touched.
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
        disabled: read_status(body.status.as_deref())?,
    };
    let account = change_person(&service, context, id.into(), &wish).await?;
    Ok(Json(account.into()))
}
