//! The broker that a URL names.

use std::sync::Arc;

use tidings::Bus;
use tidings_nats::{Nats, NatsSettings};

/// Begins to connect: a broker that is down is tried until it is there. With the secret of the
/// processes nobody else who reaches the broker can make their events.
///
/// # Errors
/// When the address cannot be used.
pub(crate) async fn connect(
    url: &str,
    secret: Option<&Vec<u8>>,
) -> Result<Arc<dyn Bus>, tidings::Error> {
    let settings = NatsSettings {
        secret: secret.cloned(),
        ..NatsSettings::default()
    };
    Ok(Arc::new(Nats::connect(url, settings).await?))
}
