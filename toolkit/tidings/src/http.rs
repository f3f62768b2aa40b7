//! HTTP conventions that all services share: problems, extractors, lists, page fragments.

pub(crate) mod calling;
mod extract;
pub(crate) mod forwarded;
mod fragment;
pub(crate) mod idempotency;
pub(crate) mod large;
mod list;
mod live;
mod objects;
mod problem;

pub use calling::CallingService;
pub(crate) use extract::is_plain;
pub use extract::{Form, Json, Path, Query, RequestContext, SignedIn};
pub use fragment::Fragment;
pub use list::{List, Paging, Place};
pub use live::{Seen, follow, follow_all};
pub use problem::{FieldError, Problem};

/// The header that carries the correlation id of a request and of its answer.
pub const CORRELATION_HEADER: &str = "x-correlation-id";

/// The correlation id of a request, made at the edge and kept in its extensions.
#[derive(Clone, Debug)]
pub struct CorrelationId(pub String);
