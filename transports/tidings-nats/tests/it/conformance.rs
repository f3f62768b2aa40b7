//! The suite that every transport must pass, on this one.

use std::sync::{Arc, Mutex};

use tidings::{Cause, Installation, LocalFeed, Setup};
use tidings_nats::Nats;
use tidings_test::Proxy;
use tidings_test::conformance::{Carrier, Disturbance, Doing, Ground, PRODUCER, Route};

use crate::server::{NatsServer, by};
use crate::story::{quick, within};

/// A server of its own, behind a way that can be cut, and the producer's feed in this process.
struct OnNats {
    server: tokio::sync::Mutex<NatsServer>,
    proxy: Proxy,
    nats: Nats,
    feed: Mutex<Option<LocalFeed>>,
}

impl OnNats {
    async fn start() -> Self {
        let server = NatsServer::start().await;
        let proxy = Proxy::to(&server.address()).await.unwrap();
        let nats = Nats::connect(&by(&proxy), quick()).await.unwrap();
        assert!(within(async || nats.is_connected()).await);
        Self {
            server: tokio::sync::Mutex::new(server),
            proxy,
            nats,
            feed: Mutex::default(),
        }
    }
}

impl Carrier for OnNats {
    fn prepare(&self, producer: Setup) -> Setup {
        producer.bus(Arc::new(self.nats.clone()))
    }

    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
        Box::pin(async move {
            let producer = producer.handle(PRODUCER).ok_or("find the producer")?;
            *self.feed.lock().unwrap() = Some(LocalFeed::new(producer));
            Ok(())
        })
    }

    fn route(&self) -> Result<Route, Cause> {
        let feed = self.feed.lock().unwrap().clone();
        let feed = feed.ok_or("carry a producer first")?;
        Ok(Route::new(feed, self.nats.clone()))
    }

    fn disturb(&self, how: Disturbance) -> Doing<'_, Result<(), Cause>> {
        Box::pin(async move {
            let mut server = self.server.lock().await;
            match how {
                Disturbance::Cut => self.proxy.close(),
                Disturbance::Mend => self.proxy.open(),
                Disturbance::Restart | Disturbance::LoseStorage => {
                    server.kill();
                    if how == Disturbance::LoseStorage {
                        server.forget_all();
                    }
                    server.run().await;
                }
            }
            Ok(())
        })
    }
}

mod on_sqlite {
    use super::*;
    tidings_test::conformance!(Ground::sqlite(OnNats::start().await));
}

mod on_postgres {
    use super::*;
    tidings_test::conformance!(Ground::postgres(OnNats::start().await));
}
