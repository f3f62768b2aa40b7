//! One operation with its callback, and what is decided about it.

use askama::Template;
use tidings::callback::{self, Attempt, CallbackRow};
use tidings::operation::{self, OperationRow};
use tidings::{Error, Handle, Mask, Path, Problem, Tx, Uuid, jobs};

use super::callbacks::CallbackView;
use super::decide::{Act, Thing, find_service, not_there};
use super::list::Of;
use super::masked;
use super::operations::{OperationView, can_cancel};
use super::page::{Page, Said};
use super::text::{pretty, word};
use crate::Gateway;

#[derive(Template)]
#[template(path = "console/operation.html")]
pub(crate) struct OneOperation {
    said: Said,
    view: OperationView,
    result: Option<String>,
    callback: Option<CallbackView>,
    attempts: Vec<Attempt>,
}

impl OneOperation {
    fn operation(&self) -> &OperationRow {
        &self.view.operation
    }
}

impl Page for OneOperation {
    type Asked = Path<Thing>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let Path((service, id)) = asked;
        let handle = find_service(gateway, service)?;
        let found = read(&handle, *id, gateway.installation().mask()).await?;
        let (item, callback, attempts) = found.ok_or_else(not_there)?;
        let service = handle.name();
        let last = attempts.last().cloned();
        Ok(Self {
            said: Said::default(),
            result: item.result.as_deref().map(pretty),
            callback: callback.map(|item| CallbackView::of(Of { service, item }, last)),
            attempts,
            view: OperationView::of(Of { service, item }),
        })
    }

    fn title(&self) -> String {
        format!("Operation {}", self.operation().kind)
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

type Found = (OperationRow, Option<CallbackRow>, Vec<Attempt>);

/// An operation with its callback and what was tried of that.
pub(crate) async fn read(service: &Handle, id: Uuid, mask: &Mask) -> Result<Option<Found>, Error> {
    let Some(operation) = operation::get(service, id).await? else {
        return Ok(None);
    };
    let callback = callback::of_operation(service, id).await?;
    let attempts = match &callback {
        Some(callback) => callback::attempts(service, callback.id).await?,
        None => Vec::new(),
    };
    let attempts = attempts.into_iter().map(|one| masked::attempt(mask, one));
    let attempts = attempts.collect();
    Ok(Some((
        masked::operation(mask, operation),
        callback,
        attempts,
    )))
}

pub(crate) struct Cancel;

impl Act for Cancel {
    const PAGE: &'static str = "/console/operations";
    const DONE: &'static str = "operation_cancelled";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let operation = operation::get(service, id).await?;
        Ok(operation.map(|operation| can_cancel(&operation)))
    }

    /// An operation and the job that carries it have the same identifier.
    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        jobs::cancel(tx, id).await
    }
}
