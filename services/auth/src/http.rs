//! The JSON API and what goes over the wire.

mod invitations;
mod own;
pub(crate) mod people;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::UserId;
use serde::{Deserialize, Serialize};
use tidings::{Handle, Json, Problem};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::account::Account;
use crate::actions::{self, Entered};
use crate::caller::{Caller, clear_session, set_cookies};
use crate::keys::{KeySet, Keys};
use crate::settings::Settings;
use crate::{Error, pages};

/// Routes and their document.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (api, document) = OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(current_user))
        .routes(routes!(token))
        .routes(routes!(own::forgot))
        .routes(routes!(own::change_password))
        .routes(routes!(own::sessions, own::sign_out_elsewhere))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::reset))
        .routes(routes!(invitations::invite))
        .routes(routes!(invitations::again, invitations::withdraw))
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::show, people::change))
        .split_for_parts();
    let (public, keys) = OpenApiRouter::new()
        .routes(routes!(key_set))
        .split_for_parts();
    let personal = api.merge(pages::routes()).merge(invitations::for_letters());
    let personal = personal.layer(axum::middleware::map_response(never_stored));
    let document = document.merge_from(keys);
    let document = serde_json::to_value(document).unwrap_or_default();
    (personal.merge(public), document)
}

/// Every answer here is about one person (SEC-24).
async fn never_stored(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

/// What somebody signs up or in with. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The e-mail address.
    #[serde(default)]
    email: String,
    /// The password, 8 to 128 characters.
    #[serde(default)]
    password: String,
}

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
struct User {
    #[schema(value_type = String, format = Uuid)]
    id: UserId,
    email: String,
    /// Full name; left out when nobody has said it, as the original clients know it.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    roles: Vec<String>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            name: account.name,
            roles: account.roles,
        }
    }
}

/// Who has signed in, or nobody.
#[derive(Serialize, ToSchema)]
struct CurrentUser {
    #[serde(rename = "currentUser")]
    current_user: Option<User>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
struct AccessToken {
    /// For the `Authorization: Bearer` header.
    token: String,
    /// When it ends, RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    expires_at: tidings::Timestamp,
}

/// Nothing to say.
#[derive(Serialize, ToSchema)]
struct Done {}

/// An answer that lets the browser in.
pub(crate) fn welcome(service: &Handle, entered: &Entered) -> Result<HeaderMap, Error> {
    let longest = service.resource::<Settings>()?.session_longest;
    let mut headers = HeaderMap::new();
    set_cookies(
        &mut headers,
        &entered.session,
        longest.as_secs(),
        &entered.browser,
    );
    Ok(headers)
}

/// Make an account and sign in.
#[utoipa::path(post, path = "/api/users/signup", tag = "users", request_body = Credentials,
    responses(
        (status = 201, description = "The account; a session cookie is set.", body = User),
        (status = 400, description = "Bad or taken address, bad password."),
        (status = 429, description = "Too many attempts from this address."),
    ))]
async fn sign_up(
    State(service): State<Handle>,
    caller: Caller,
    Json(typed): Json<Credentials>,
) -> Result<Response, Problem> {
    let entered = actions::sign_up(&service, &caller, &typed.email, &typed.password).await?;
    let headers = welcome(&service, &entered)?;
    let user = User::from(entered.account);
    Ok((StatusCode::CREATED, headers, Json(user)).into_response())
}

/// Sign in.
#[utoipa::path(post, path = "/api/users/signin", tag = "users", request_body = Credentials,
    responses(
        (status = 200, description = "The account; a session cookie is set.", body = User),
        (status = 400, description = "Address and password do not belong together."),
        (status = 429, description = "Too many failed attempts."),
    ))]
async fn sign_in(
    State(service): State<Handle>,
    caller: Caller,
    Json(typed): Json<Credentials>,
) -> Result<Response, Problem> {
    let entered = actions::sign_in(&service, &caller, &typed.email, &typed.password).await?;
    let headers = welcome(&service, &entered)?;
    Ok((headers, Json(User::from(entered.account))).into_response())
}

/// Sign out: the session ends.
#[utoipa::path(post, path = "/api/users/signout", tag = "users",
    responses((status = 200, description = "The cookie is cleared.", body = Done)))]
async fn sign_out(State(service): State<Handle>, caller: Caller) -> Result<Response, Problem> {
    actions::sign_out(&service, &caller).await?;
    let mut response = Json(Done {}).into_response();
    clear_session(response.headers_mut());
    Ok(response)
}

/// Who am I?
#[utoipa::path(get, path = "/api/users/currentuser", tag = "users",
    responses((status = 200, description = "The account, or null.", body = CurrentUser)))]
async fn current_user(
    State(service): State<Handle>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<CurrentUser>, Problem> {
    let account = match &caller.session {
        Some(session) => {
            let found = actions::account_of_session(&service, session).await?;
            found.map(|(_, account)| account)
        }
        None => match bearer(&headers) {
            Some(bearer) => actions::account_of_bearer(&service, bearer).await?,
            None => None,
        },
    };
    let current_user = account.map(User::from);
    Ok(Json(CurrentUser { current_user }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Exchange the session cookie for an access token, which all services verify by themselves.
#[utoipa::path(post, path = "/api/users/token", tag = "users",
    responses(
        (status = 200, description = "A token for some minutes.", body = AccessToken),
        (status = 401, description = "No session, or it has ended."),
    ))]
async fn token(
    State(service): State<Handle>,
    caller: Caller,
) -> Result<Json<AccessToken>, Problem> {
    let issued = actions::issue_token(&service, &caller).await?;
    Ok(Json(AccessToken {
        token: issued.token,
        expires_at: issued.expires_at,
    }))
}

/// The public keys that access tokens are signed with.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "users",
    responses((status = 200, description = "A JSON Web Key Set.", body = KeySet)))]
async fn key_set(State(service): State<Handle>) -> Result<Response, Problem> {
    let keys = service.resource::<Keys>()?.published();
    let cache = [(header::CACHE_CONTROL, "public, max-age=300")];
    Ok((cache, Json(keys)).into_response())
}
