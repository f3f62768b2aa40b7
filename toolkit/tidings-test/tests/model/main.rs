//! The protocol that Tidings rests on, checked in every order in which its steps can happen.
//!
//! A test runs one order of events; a model checker runs them all. Small models, written with
//! [stateright], describe what the database, the sequencer, the bus and the subscribers do, one
//! atomic step at a time, with crashes between any two steps. The checker visits every state that
//! can be reached and asks of each whether the promise still holds.
//!
//! It is split in two, because the product of both would be too large, at the border that the
//! design itself draws:
//!
//! - [`numbering`]: transactions publish, commit or abort, and the sequencer numbers what became
//!   visible. It promises to the rest of the system, per slot, *a list that only grows, that holds
//!   every committed event once and no other, and that follows commit order for each key*.
//! - [`delivery`]: starts from such a list. Two instances of one subscription apply it, over a bus
//!   that loses, duplicates and reorders, with events that fail, are parked, retried, declared dead
//!   and decided about by a person.
//!
//! A third, [`handover`], is of the instances that share the slots of a subscription: one reads a slot
//! at a time, and it is never left alone. Nothing of the promise rests on it, because any number of
//! instances may apply the same list.
//!
//! What makes a green run worth something:
//!
//! - `sometimes` properties: the dangerous situation did occur (two instances collided, a gap was
//!   repaired, …). A model in which nothing goes wrong proves nothing.
//! - *Flaws*: each well-known shortcut is a variant of the model, and the checker must break it.
//!   Those tests spell out the shortest story that breaks it, step by step.
//! - *Rest*: a state in which nobody has anything left to do, although faults may still come. There
//!   every committed event must be accounted for. A separate test shows that duties alone never run
//!   in a circle, so that every run does come to rest once the faults stop. (Stateright's own
//!   `eventually` can miss counterexamples where paths join, so it is not used.)
//!
//! What is left out: the size of things (a handful of transactions and events stands for many),
//! time (a retry or a poll may come at any moment instead of after its delay), contents, retention
//! and compaction of the feed, new epochs after a restore, loss of the databases themselves, and an
//! event whose handler kills its process each time, which burns no quick try.
//!
//! `cargo test -p tidings-test --test model -- --nocapture` prints the number of states.

mod checking;
mod delivery;
mod handover;
mod numbering;
