//! The JetStream stream of a stream: made when it is missing, and checked against the settings.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream,
};
use tidings::{Error, StreamInfo};

use crate::connection::{Shared, bus};
use crate::names;
use crate::settings::NatsSettings;

/// Which stream's events a JetStream stream has.
const OF: &str = "tidings-stream";
/// How many slots the stream has, so that readers know when they want all of them.
const SLOTS: &str = "tidings-slots";

/// Makes the stream, or gives it what has been configured since.
pub(crate) async fn prepare(shared: &Shared, info: &StreamInfo) -> Result<(), Error> {
    let wanted = wanted(&shared.settings, info);
    let Some(found) = find(shared, &wanted.name).await? else {
        let outcome = shared.jetstream.create_stream(wanted.clone()).await;
        // Another process may have been faster; then what it has made is looked at.
        if let Err(error) = outcome
            && find(shared, &wanted.name).await?.is_none()
        {
            return Err(bus(error));
        }
        tracing::info!(stream = wanted.name, "made a JetStream stream");
        return Ok(());
    };
    let found = &found.cached_info().config;
    refuse(found, &wanted)?;
    let updated = updated(found, &wanted);
    if updated == *found {
        return Ok(());
    }
    shared
        .jetstream
        .update_stream(&updated)
        .await
        .map_err(|error| {
            let text = format!("{} cannot be given the settings: {error}", wanted.name);
            bus(text)
        })?;
    tracing::warn!(
        stream = wanted.name,
        "the JetStream stream had other settings than these; it has been changed"
    );
    Ok(())
}

pub(crate) async fn find(shared: &Shared, name: &str) -> Result<Option<Stream<Info>>, Error> {
    match shared.jetstream.get_stream(name).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(cause)
                if cause.error_code() == ErrorCode::STREAM_NOT_FOUND =>
            {
                Ok(None)
            }
            _ => Err(bus(error)),
        },
    }
}

fn wanted(settings: &NatsSettings, info: &StreamInfo) -> Config {
    let limit = |most: Option<u64>| most.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX));
    Config {
        name: names::stream(&settings.prefix, info.name),
        description: Some(format!("Events of the stream {}, by Tidings.", info.name)),
        subjects: vec![names::subjects(&settings.prefix, info.name)],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        max_age: settings.max_age,
        max_messages: limit(settings.messages_max),
        max_bytes: limit(settings.bytes_max),
        duplicate_window: settings.duplicate_window,
        // Readers look for where to begin without the leader's help.
        allow_direct: true,
        metadata: [
            (OF.to_owned(), info.name.to_owned()),
            (SLOTS.to_owned(), info.slots.to_string()),
        ]
        .into(),
        ..Config::default()
    }
}

/// What no update can mend.
fn refuse(found: &Config, wanted: &Config) -> Result<(), Error> {
    let of = |config: &Config| config.metadata.get(OF).cloned();
    let wrong = if of(found) != of(wanted) {
        "it is not of this stream; choose another prefix"
    } else if found.storage != wanted.storage {
        "it is not kept in files"
    } else if found.retention != wanted.retention {
        "its retention is not by limits"
    } else if found.sealed || found.mirror.is_some() {
        "it is sealed or a mirror"
    } else {
        return Ok(());
    };
    Err(bus(format!("{} cannot be used: {wrong}", wanted.name)))
}

/// The stream as found, with what is configured; what Tidings has no opinion about stays.
fn updated(found: &Config, wanted: &Config) -> Config {
    let mut updated = found.clone();
    updated.subjects.clone_from(&wanted.subjects);
    updated.discard = wanted.discard;
    updated.num_replicas = wanted.num_replicas;
    updated.max_age = wanted.max_age;
    updated.max_messages = wanted.max_messages;
    updated.max_bytes = wanted.max_bytes;
    updated.duplicate_window = wanted.duplicate_window;
    updated.allow_direct = true;
    updated.no_ack = false;
    let slots = wanted.metadata.get(SLOTS).cloned();
    updated
        .metadata
        .insert(SLOTS.to_owned(), slots.unwrap_or_default());
    updated
}

/// How many slots the stream has, by its own account.
pub(crate) fn slots(config: &Config) -> Option<usize> {
    config.metadata.get(SLOTS)?.parse().ok()
}
