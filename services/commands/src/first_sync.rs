//! The first look at the register: all platforms at once, by gRPC, where nothing is known yet.
//!
//! Events bring the same in the end, and whatever is newer: each platform comes with its
//! version, so that it does not matter which is first. While the register cannot be
//! asked the service works with what it knows, and asks again.

use std::time::Duration;

use contracts::grpc::grpc_platform_client::GrpcPlatformClient;
use contracts::grpc::{GetAllRequest, GrpcPlatformModel};
use serde::{Deserialize, Serialize};
use tidings::client::Attempt;
use tidings::{CallError, Calls, Enqueue, Handle, Job, JobRun};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use crate::store::platforms::{self, Platform};
use crate::{Error, Settings};

const REGISTER: &str = "platforms";
/// A hundred thousand platforms are about 15 MB.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const CALL_LIMIT: Duration = Duration::from_secs(50);
/// Rows of one transaction, so that others can write between.
const SLICE: usize = 500;

/// How the register is called.
pub(crate) fn patience() -> Calls {
    Calls::default().timeout(ANSWER_LIMIT).deadline(CALL_LIMIT)
}

/// Asks for all platforms.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FirstSync {}

impl Job for FirstSync {
    const KIND: &'static str = "first_sync";
}

/// At every start with an empty replica, where it is wanted. Two instances that start at once
/// make one job.
pub(crate) async fn begin(service: Handle) -> Result<(), tidings::Error> {
    if !service.resource::<Settings>()?.first_sync {
        return Ok(());
    }
    let is_elsewhere = service
        .client(REGISTER)
        .map(|client| client.status().is_remote);
    if !is_elsewhere.unwrap_or(false) {
        tracing::info!(
            "the register runs in this process, or nobody says where: its platforms come with the events"
        );
        return Ok(());
    }
    let mut tx = service.begin_own().await?;
    if platforms::list(&mut tx, 0, 1).await?.is_empty() {
        let once = Enqueue::now().unique("");
        tx.enqueue_with(&FirstSync {}, once).await?;
    }
    tx.commit().await
}

/// Takes over what the register knows. What is known better already stays.
pub(crate) async fn first_sync(_: FirstSync, run: JobRun) -> Result<(), Error> {
    let client = run.service().client(REGISTER)?;
    let all = client.attempt(&run.context(), ask).await?;
    for slice in all.chunks(SLICE) {
        let mut tx = run.begin().await?;
        for platform in slice {
            platforms::keep(&mut tx, platform).await?;
        }
        tx.commit().await?;
    }
    tracing::info!(
        platforms = all.len(),
        "the platforms of the register were taken over"
    );
    Ok(run.finish().await?.commit().await?)
}

async fn ask(attempt: Attempt) -> Result<Vec<Platform>, CallError> {
    let endpoint = Endpoint::from_shared(attempt.base.clone());
    let endpoint = endpoint.map_err(|error| attempt.unreadable(error))?;
    let channel = endpoint.connect().await;
    let channel = channel.map_err(|error| attempt.away(error))?;
    let mut client = GrpcPlatformClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut request = tonic::Request::new(GetAllRequest {});
    *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(attempt.headers.clone());
    let answer = client.get_all_platforms(request).await;
    let answer = answer.map_err(|status| refused(&attempt, status))?;
    let all = answer.into_inner().platform.into_iter().map(known);
    let all: Result<_, _> = all.collect();
    all.map_err(|reason| attempt.unreadable(reason))
}

/// What may pass is asked for again, by the call and then by the job.
fn refused(attempt: &Attempt, status: Status) -> CallError {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Aborted => {
            attempt.unreachable(status)
        }
        _ => attempt.unreadable(status),
    }
}

fn known(told: GrpcPlatformModel) -> Result<Platform, String> {
    Ok(Platform {
        id: told.id.parse()?,
        number: told.platform_id,
        name: told.name,
        publisher: told.publisher,
        lifecycle: told.lifecycle.parse()?,
        archived: false,
        version: told.version,
    })
}
