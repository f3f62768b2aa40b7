//! Extractors that answer bad input with a clear problem.

use axum::extract::rejection::{
    BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection,
};
use axum::extract::{FromRef, FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{CORRELATION_HEADER, CorrelationId, Problem, objects};
use crate::handle::Handle;
use crate::spans::Remote;
use crate::{Context, Identity, Rejected};

fn rejected(status: StatusCode, text: String) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, "too_large", "The request is too large.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(status, "unsupported_media_type", text),
        // A wrong type or a missing field is as bad a request as a missing brace.
        _ => Problem::new(StatusCode::BAD_REQUEST, "bad_request", text),
    }
}

macro_rules! from_rejections {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                rejected(rejection.status(), rejection.body_text())
            }
        }
    )*};
}
from_rejections!(
    BytesRejection,
    JsonRejection,
    FormRejection,
    PathRejection,
    QueryRejection
);

/// A JSON body. Wrong types, missing fields and broken JSON are 400, a wrong content type is 415.
/// A list is never taken for a struct, which serde would fill with it by position.
///
/// ```
/// # #[derive(serde::Deserialize)]
/// # struct Wish { name: String }
/// use tidings::Json;
///
/// async fn wish(Json(wish): Json<Wish>) -> String {
///     wish.name
/// }
/// # let _ = wish;
/// ```
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = axum::Json::<Box<RawValue>>::from_request(request, state).await?;
        let text = raw.get();
        let axum::Json(read) = axum::Json::<T>::from_bytes(text.as_bytes())?;
        // Most bodies have no list in them, and are read once.
        let value = text.contains('[').then(|| serde_json::from_str(text).ok());
        if value.flatten().is_some_and(objects::is_by_position::<T>) {
            let text = "There is a list where an object must be.".to_owned();
            return Err(rejected(StatusCode::UNPROCESSABLE_ENTITY, text));
        }
        Ok(Self(read))
    }
}

/// The body of a submitted form.
#[derive(Clone, Debug, FromRequest)]
#[from_request(via(axum::Form), rejection(Problem))]
pub struct Form<T>(pub T);

/// Parts of the path.
#[derive(Clone, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// The query.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(query) =
            axum::extract::Query::from_request_parts(parts, state).await?;
        Ok(Self(query))
    }
}

impl<T> axum::response::IntoResponse for Json<T>
where
    T: serde::Serialize,
{
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}

/// Somebody who has signed in; 401 for anybody else.
///
/// `Option<SignedIn>` is somebody who may have signed in. A token that is not good is 401
/// there too: it is not nobody's. Where a person has asked for a page, the gateway makes of
/// the 401 the way to sign in and come back to that page.
///
/// ```
/// use tidings::{Fragment, Problem, SignedIn};
///
/// async fn mine(SignedIn(who): SignedIn) -> Result<Fragment, Problem> {
///     Fragment::try_new("Mine", Ok::<_, std::fmt::Error>(who.email))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignedIn(pub Identity);

impl<S> FromRequestParts<S> for SignedIn
where
    Handle: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = identity(parts, &Handle::from_ref(state)).await?;
        identity.map(Self).ok_or_else(Problem::not_signed_in)
    }
}

impl<S> OptionalFromRequestParts<S> for SignedIn
where
    Handle: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        Ok(identity(parts, &Handle::from_ref(state)).await?.map(Self))
    }
}

/// Who acts and what the request belongs to, for [`Handle::begin`].
#[derive(Clone, Debug)]
pub struct RequestContext(pub Context);

impl<S> FromRequestParts<S> for RequestContext
where
    Handle: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let service = Handle::from_ref(state);
        let identity = identity(parts, &service).await?;
        let known = parts
            .extensions
            .get::<CorrelationId>()
            .map(|id| id.0.clone());
        let sent = || {
            let text = parts.headers.get(CORRELATION_HEADER)?.to_str().ok()?;
            is_plain(text).then(|| text.to_owned())
        };
        let traced = || Remote::of(&parts.headers).map(|remote| remote.correlation_id());
        let fresh = || crate::uuid_at(service.now()).to_string();
        let actor = identity.map_or("anonymous".to_owned(), |who| {
            format!("user:{}", who.user_id)
        });
        tracing::Span::current().record("actor", &actor);
        Ok(Self(Context {
            actor,
            correlation_id: known.or_else(sent).or_else(traced).unwrap_or_else(fresh),
            causation_id: None,
        }))
    }
}

/// A correlation id from outside ends up in logs and pages.
pub(crate) fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

pub(super) async fn identity(parts: &Parts, service: &Handle) -> Result<Option<Identity>, Problem> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().ok();
    let token = text.and_then(|text| text.strip_prefix("Bearer "));
    let Some(token) = token else {
        return Err(Problem::not_signed_in());
    };
    match service.verifier().identify(token, service.clock()).await {
        Ok(identity) => Ok(Some(identity)),
        Err(Rejected::NoKeys) => Err(Problem::unavailable(5)),
        Err(rejected) => {
            tracing::info!(error = %crate::chain(&rejected), "an access token was refused");
            Err(Problem::not_signed_in())
        }
    }
}
