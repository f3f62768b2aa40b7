//! The design holds in every state; each shortcut is broken by a short story.

use super::Action::{BeginStep, Look, Start, Tell};
use super::{Flaw, Handover, ONE_READS};
use crate::checking::{assert_breaks, assert_every_run_ends, assert_holds_everywhere};

const DESIGN: Handover = Handover {
    starts: 4,
    ends: 2,
    pauses: 1,
    flaw: None,
};

fn flawed(flaw: Flaw) -> Handover {
    let flaw = Some(flaw);
    Handover {
        ends: 0,
        pauses: 0,
        flaw,
        ..DESIGN
    }
}

#[test]
fn a_slot_has_one_reader_and_never_none_for_long() {
    assert_holds_everywhere("handover", DESIGN);
}

#[test]
fn handing_over_always_comes_to_rest() {
    assert_every_run_ends(&DESIGN);
}

/// The second has told that it is there, and the first lets go at once, with its step under way.
#[test]
fn a_slot_given_up_in_mid_step_is_read_by_two() {
    assert_breaks(
        flawed(Flaw::LetsGoInMidStep),
        ONE_READS,
        vec![
            Start(0),
            Tell(0),
            Look(0),
            Tell(0),
            Look(0),
            BeginStep(0),
            Start(1),
            Tell(1),
            Look(1),
            Tell(1),
            Look(0),
            Tell(0),
            Look(1),
            BeginStep(1),
        ],
    );
}

/// The hash gives the slot to the second as soon as it knows of both.
#[test]
fn a_slot_read_without_a_look_at_others_claims_is_read_by_two() {
    assert_breaks(
        flawed(Flaw::OthersIgnored),
        ONE_READS,
        vec![
            Start(0),
            Tell(0),
            Look(0),
            Tell(0),
            Look(0),
            BeginStep(0),
            Start(1),
            Tell(1),
            Look(1),
            Tell(1),
            Look(1),
            BeginStep(1),
        ],
    );
}

/// Both look before either has told what it is going to read.
#[test]
fn a_slot_read_before_it_is_claimed_is_read_by_two() {
    assert_breaks(
        flawed(Flaw::ClaimsUnseen),
        ONE_READS,
        vec![
            Start(0),
            Tell(0),
            Look(0),
            BeginStep(0),
            Start(1),
            Tell(1),
            Look(1),
            BeginStep(1),
        ],
    );
}
