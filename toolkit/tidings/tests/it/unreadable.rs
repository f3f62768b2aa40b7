//! What its own type cannot read is not published, and its transaction does not commit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidings::{Error, Service, chain};

use crate::bed::Bed;

/// Writes what it does not read.
struct Careless;

impl Serialize for Careless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("seven")
    }
}

impl<'de> Deserialize<'de> for Careless {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(|_| Self)
    }
}

#[derive(tidings::Stream)]
#[stream(name = "slips", key = "id")]
enum SlipEvent {
    #[event("slip.made")]
    Made { id: u32, value: Careless },
}

#[tokio::test]
async fn an_event_that_its_own_type_cannot_read_fails_the_transaction() {
    let bed = Bed::sqlite();
    let slips = Service::new("slips").publishes::<SlipEvent>();
    let service = bed.serve(slips).await;
    let mut tx = service.begin_own().await.unwrap();
    let value = Careless;
    let refused = tx.publish(SlipEvent::Made { id: 1, value }).unwrap_err();
    assert!(matches!(refused, Error::Encode { .. }));
    let why = chain(&refused);
    assert!(
        why.contains("its own type does not read it: invalid type"),
        "{why}"
    );
    tx.commit().await.unwrap_err();
}
