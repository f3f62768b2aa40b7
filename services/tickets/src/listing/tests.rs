use super::*;
use crate::Category;
use tidings::Uuid;

const NOON: Timestamp = Timestamp::from_micros(1_767_268_800_000_000);
const LATER: Timestamp = Timestamp::from_micros(NOON.as_micros() + 60_000_000);

fn order(number: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(number))
}

fn offer() -> Offer {
    Offer {
        title: "Parsifal".to_owned(),
        price_minor: 12_000,
        currency: Currency::Eur,
        category: Category::Theatre,
        venue: "Staatsoper".to_owned(),
        city: "Berlin".to_owned(),
        seat: String::new(),
        notes: String::new(),
        starts_at: None,
    }
}

const PRICE: (i64, Currency) = (12_000, Currency::Eur);

fn listing(state: State) -> Listing {
    let (id, seller) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
    let (listing, _) = Listing::list(id, seller, offer(), NOON);
    Listing {
        state,
        version: 7,
        ..listing
    }
}

fn states() -> [State; 4] {
    [
        State::Available,
        State::Reserved(order(1)),
        State::Sold(order(1)),
        State::Withdrawn,
    ]
}

/// What every step makes of every state: the state after it, or nothing where nothing changes.
#[test]
fn every_step_from_every_state_is_as_the_table_says_c_03_c_08_c_14_c_28() {
    type Step = fn(&mut Listing) -> bool;
    let steps: [(&str, Step); 7] = [
        ("reserve 1", |it| {
            matches!(it.reserve(order(1), PRICE, LATER), Reserving::Reserved(_))
        }),
        ("reserve 2", |it| {
            matches!(it.reserve(order(2), PRICE, LATER), Reserving::Reserved(_))
        }),
        ("release 1", |it| it.release(order(1), LATER).is_some()),
        ("release 2", |it| it.release(order(2), LATER).is_some()),
        ("sell 1", |it| it.sell(order(1), LATER).is_some()),
        ("sell 2", |it| it.sell(order(2), LATER).is_some()),
        ("withdraw", |it| matches!(it.withdraw(LATER), Ok(Some(_)))),
    ];
    let mut moves = Vec::new();
    for before in states() {
        for (name, step) in steps {
            let mut listing = listing(before);
            let moved = step(&mut listing);
            let (version, changed_at) = if moved { (8, LATER) } else { (7, NOON) };
            assert_eq!(
                (listing.version, listing.changed_at),
                (version, changed_at),
                "{name}"
            );
            assert_eq!(moved, listing.state != before, "{name} from {before:?}");
            if moved {
                moves.push(format!(
                    "{} -{name}> {}",
                    before.as_str(),
                    listing.state.as_str()
                ));
            }
        }
    }
    let expected = [
        "available -reserve 1> reserved",
        "available -reserve 2> reserved",
        "available -withdraw> withdrawn",
        "reserved -release 1> available",
        "reserved -sell 1> sold",
    ];
    assert_eq!(moves, expected);
}

#[test]
fn an_order_hears_why_it_cannot_have_a_ticket_c_03() {
    let reason = |mut listing: Listing, price| match listing.reserve(order(2), price, LATER) {
        Reserving::Rejected(TicketEvent::ReservationRejected { reason, .. }) => reason,
        other => format!("{other:?}"),
    };
    let [available, reserved, sold, withdrawn] = states().map(listing);
    assert_eq!(
        reason(available.clone(), (11_999, Currency::Eur)),
        "price_changed"
    );
    assert_eq!(reason(available, (12_000, Currency::Usd)), "price_changed");
    assert_eq!(reason(reserved, PRICE), "reserved");
    assert_eq!(reason(sold, PRICE), "sold");
    assert_eq!(reason(withdrawn, PRICE), "withdrawn");
}

#[test]
fn an_order_that_is_told_twice_has_its_ticket_already_c_10() {
    for state in [State::Reserved(order(1)), State::Sold(order(1))] {
        let mut twice = listing(state);
        assert_eq!(twice.reserve(order(1), PRICE, LATER), Reserving::Already);
        assert_eq!(twice, listing(state));
    }
}

#[test]
fn only_an_available_listing_can_be_edited_c_23() {
    let mut cheaper = offer();
    cheaper.price_minor = 9_000;
    let outcomes = states().map(|state| listing(state).edit(cheaper.clone(), LATER).map(|_| ()));
    let refused = [
        Ok(()),
        Err(Refused::Reserved),
        Err(Refused::Sold),
        Err(Refused::Withdrawn),
    ];
    assert_eq!(outcomes, refused);
}

#[test]
fn saying_the_same_again_is_no_change_x_02() {
    let mut same = listing(State::Available);
    assert_eq!(same.edit(offer(), LATER), Ok(None));
    assert_eq!(same, listing(State::Available));
}

#[test]
fn the_beginning_of_the_event_closes_only_what_is_available_c_33() {
    for state in states() {
        let mut begun = listing(state);
        begun.offer.starts_at = Some(LATER);
        assert!(begun.close(NOON).is_none(), "it has not begun yet");
        assert_eq!(begun.close(LATER).is_some(), state == State::Available);
        assert!(begun.close(LATER).is_none(), "it is closed once");
    }
}

#[test]
fn a_ticket_whose_event_has_begun_cannot_be_reserved_c_33() {
    let mut begun = listing(State::Available);
    begun.offer.starts_at = Some(LATER);
    assert!(!begun.is_on_market(LATER));
    assert!(matches!(
        begun.reserve(order(1), PRICE, LATER),
        Reserving::Rejected(_)
    ));
}
