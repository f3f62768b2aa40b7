use super::*;

fn sent() -> Envelope {
    let text = r#"{"specversion": "1.0", "id": "orders.12.345", "source": "/streams/orders",
        "type": "order.created", "subject": "o-1", "partitionkey": "o-1",
        "sequence": "00000000000000000345", "time": "2026-03-14T16:00:07Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:tidings:orders:order.created:1",
        "actor": "service:orders", "correlationid": "flow-1", "data": {"order_id": "o-1"}}"#;
    Envelope::from_cloudevent(text.as_bytes()).unwrap()
}

fn read(seal: &Seal, subject: &str, headers: &HeaderMap, data: &str) -> Result<Envelope, Odd> {
    let subject = Subject::from(subject.to_owned());
    event(
        "tidings",
        "orders",
        seal,
        (&subject, Some(headers), data.as_bytes()),
    )
}

#[test]
fn an_event_comes_back_as_it_went_and_its_number_is_in_the_headers() {
    for secret in [None, Some([7; 32].as_slice())] {
        let seal = Seal::new(secret);
        let (headers, data) = of(&sent(), &seal).unwrap();
        let back = read(&seal, "tidings.orders.12", &headers, &data).unwrap();
        assert_eq!((back, sequence(&headers)), (sent(), Some(345)));
    }
}

#[test]
fn what_was_changed_or_moved_on_the_way_is_refused() {
    let seal = Seal::new(None);
    let (headers, data) = of(&sent(), &seal).unwrap();
    let edited = data.replace("o-1", "o-2");
    let on = "tidings.orders.12";
    assert!(matches!(read(&seal, on, &headers, &edited), Err(Odd::Seal)));
    let elsewhere = read(&seal, "tidings.orders.13", &headers, &data);
    assert!(matches!(elsewhere, Err(Odd::Subject)));
    let bare = HeaderMap::new();
    assert!(matches!(read(&seal, on, &bare, &data), Err(Odd::Unsealed)));
    let mut renamed = headers.clone();
    renamed.insert(ID, "orders.12.346");
    assert!(matches!(
        read(&seal, on, &renamed, &data),
        Err(Odd::Identifier)
    ));
}

/// Whoever may write to the broker can make a digest that fits, but not a signature.
#[test]
fn only_a_secret_keeps_out_who_makes_a_new_digest() {
    let (plain, sealed) = (Seal::new(None), Seal::new(Some(&[7; 32])));
    let mut forged = sent();
    forged.data = r#"{"order_id": "o-2"}"#.to_owned();
    let (headers, data) = of(&forged, &plain).unwrap();
    let on = "tidings.orders.12";
    assert_eq!(read(&plain, on, &headers, &data).unwrap(), forged);
    assert!(matches!(read(&sealed, on, &headers, &data), Err(Odd::Seal)));
}
