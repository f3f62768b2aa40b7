//! Receivers: opened, dropped, several at once, for some slots, and what each call may do.

use std::collections::BTreeSet;
use std::time::Duration;

use tidings::{Envelope, EventId, Feed, Receiver, Transport};

use crate::conformance::letters::{Line, Paper, letter};
use crate::conformance::stage::{Stage, pause};
use crate::conformance::{Failure, Ground};

/// A transport that has nothing is asked again at the latest after this.
const LOOK: Duration = Duration::from_millis(200);
const LIMIT: u32 = 50;

fn lines(count: usize) -> Vec<Line> {
    let line = |number| letter(format!("key-{}", number % 40), format!("text {number}"));
    (0..count).map(line).collect()
}

fn from_the_beginning() -> Vec<(u16, u64)> {
    let slots = 0..Paper::Letters.slots();
    slots.map(|slot| (slot, 0)).collect()
}

async fn open(
    transport: &dyn Transport,
    cursors: &[(u16, u64)],
) -> Result<Box<dyn Receiver>, Failure> {
    let opened = transport.open(Paper::Letters.stream(), cursors).await;
    opened.map_err(Failure::Transport)
}

async fn receive(receiver: &mut dyn Receiver, limit: u32) -> Result<Vec<Envelope>, Failure> {
    let received = receiver.receive(limit).await;
    received.map_err(Failure::Transport)
}

/// The addresses of all letters, in these slots.
async fn addresses(stage: &Stage, slots: &[(u16, u64)]) -> Result<BTreeSet<EventId>, Failure> {
    let heads = stage.truth().heads(Paper::Letters.stream()).await?;
    let mut all = BTreeSet::new();
    for &(slot, after) in slots {
        let head = heads.iter().find(|(of, _)| *of == slot);
        all.extend(
            (after + 1..=head.map_or(0, |(_, head)| *head)).map(|sequence| EventId {
                stream: Paper::Letters.stream().to_owned(),
                slot,
                sequence,
            }),
        );
    }
    Ok(all)
}

/// Receives until nothing of this is missing.
async fn gather(
    stage: &Stage,
    receiver: &mut dyn Receiver,
    mut missing: BTreeSet<EventId>,
) -> Result<(), Failure> {
    let mut wakes = receiver.wakes();
    let work = async {
        while !missing.is_empty() {
            wakes.borrow_and_update();
            let received = receive(receiver, LIMIT).await?;
            for event in &received {
                missing.remove(&event.id);
            }
            if received.is_empty() {
                tokio::select! {
                    Ok(()) = wakes.changed() => {}
                    () = pause(LOOK) => {}
                }
            }
        }
        Ok::<(), Failure>(())
    };
    stage.in_time("bring every event by itself", work).await?
}

/// While nothing goes wrong the transport alone brings everything, old and new: the feed behind
/// it hides that a transport brings nothing.
///
/// # Errors
/// What the transport has broken.
pub async fn in_calm_weather_every_event_comes_by_the_transport(
    ground: Ground,
) -> Result<(), Failure> {
    let must_bring = ground.carrier.is_complete();
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(120)).await?;
    stage.numbered(Paper::Letters, 120).await?;
    let transport = stage.transport()?;
    let cursors = from_the_beginning();
    let mut receiver = open(&*transport, &cursors).await?;
    if must_bring {
        let all = addresses(&stage, &cursors).await?;
        gather(&stage, &mut *receiver, all).await?;
    }
    stage.write(lines(120)).await?;
    stage.numbered(Paper::Letters, 240).await?;
    if must_bring {
        let carried: BTreeSet<EventId> = stage.carried().into_iter().collect();
        let all = addresses(&stage, &cursors).await?;
        let new = all.difference(&carried).cloned().collect();
        gather(&stage, &mut *receiver, new).await?;
    }
    stage.compare_with_truth().await?;
    stage.subscribe().await?;
    stage.finish().await
}

/// A subscriber that is stopped, or ends where it stands, again and again while events are
/// published, has them all at last.
///
/// # Errors
/// What the transport has broken.
pub async fn a_subscriber_that_comes_and_goes_misses_nothing(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    for turn in 0..6_u64 {
        stage.subscribe().await?;
        stage.write(lines(20)).await?;
        // Each turn ends elsewhere: at once, in the middle, after it.
        stage.applied(turn * 20 * (turn % 3) / 2).await?;
        if turn % 2 == 0 {
            stage.kill_subscriber();
        } else {
            stage.unsubscribe().await?;
        }
        stage.write(lines(20)).await?;
    }
    stage.subscribe().await?;
    stage.finish().await
}

/// A receiver that is dropped while it opens or receives leaves nothing behind that keeps the
/// next one from having everything.
///
/// # Errors
/// What the transport has broken.
pub async fn a_receiver_that_was_dropped_in_mid_air_is_opened_again(
    ground: Ground,
) -> Result<(), Failure> {
    let must_bring = ground.carrier.is_complete();
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(120)).await?;
    stage.numbered(Paper::Letters, 120).await?;
    let transport = stage.transport()?;
    let cursors = from_the_beginning();
    for micros in [0, 100, 1_000, 10_000] {
        let short = Duration::from_micros(micros);
        let work = async {
            let mut receiver = open(&*transport, &cursors).await?;
            for _ in 0..1_000_000 {
                receive(&mut *receiver, LIMIT).await?;
            }
            Ok::<(), Failure>(())
        };
        tokio::select! {
            ended = work => ended?,
            () = pause(short) => {}
        }
    }
    let mut receiver = open(&*transport, &cursors).await?;
    if must_bring {
        let all = addresses(&stage, &cursors).await?;
        gather(&stage, &mut *receiver, all).await?;
    }
    drop(receiver);
    stage.subscribe().await?;
    stage.finish().await
}

/// Two subscriptions of one service on the same streams do not take each other's events away.
///
/// # Errors
/// What the transport has broken.
pub async fn two_subscriptions_of_a_stream_each_get_everything(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(100)).await?;
    stage.subscribe_with(2, |route| route).await?;
    stage.write(lines(100)).await?;
    stage.finish().await
}

/// A receiver that is opened for some slots, as when several processes share a stream, brings
/// what these have behind their cursors; whether it brings more does not matter.
///
/// # Errors
/// What the transport has broken.
pub async fn a_receiver_of_some_slots_gets_these(ground: Ground) -> Result<(), Failure> {
    let must_bring = ground.carrier.is_complete();
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(200)).await?;
    stage.numbered(Paper::Letters, 200).await?;
    let transport = stage.transport()?;
    for of_three in 0..3 {
        let mine = from_the_beginning().into_iter();
        let mine = mine.filter(|(slot, _)| slot % 3 == of_three);
        // Every other slot has been applied up to its first event.
        let mine: Vec<(u16, u64)> = mine.map(|(slot, _)| (slot, u64::from(slot % 2))).collect();
        let mut receiver = open(&*transport, &mine).await?;
        if must_bring {
            let all = addresses(&stage, &mine).await?;
            gather(&stage, &mut *receiver, all).await?;
        }
    }
    stage.subscribe().await?;
    stage.finish().await
}

/// `receive(limit)` gives at most that many, also when there is much more, and the rest later.
///
/// # Errors
/// What the transport has broken.
pub async fn a_receiver_gives_no_more_than_was_asked_for(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(300)).await?;
    stage.numbered(Paper::Letters, 300).await?;
    let transport = stage.transport()?;
    let cursors = from_the_beginning();
    let mut receiver = open(&*transport, &cursors).await?;
    // The watch around it counts.
    for limit in [1, 2, 7, 1, 100] {
        for _ in 0..5 {
            receive(&mut *receiver, limit).await?;
        }
    }
    drop(receiver);
    stage.subscribe().await?;
    stage.finish().await
}

/// `receive` with nothing to give comes back empty instead of waiting: the reader has the
/// producer's heads to compare meanwhile.
///
/// # Errors
/// What the transport has broken.
pub async fn a_receiver_with_nothing_to_give_says_so_at_once(
    ground: Ground,
) -> Result<(), Failure> {
    let stage = Stage::open(ground).await?;
    let transport = stage.transport()?;
    let cursors = from_the_beginning();
    let mut receiver = open(&*transport, &cursors).await?;
    let began = tidings::Clock::system().now();
    for _ in 0..20 {
        let nothing = receive(&mut *receiver, LIMIT).await?;
        if let Some(event) = nothing.first() {
            let text = format!("{} was never written", event.id);
            return Err(Failure::Broken(text));
        }
    }
    let took = tidings::Clock::system().now().since(began);
    if took > stage.patience / 6 {
        let text = format!("to say 20 times that there is nothing took {took:?}");
        return Err(Failure::Broken(text));
    }
    drop(receiver);
    let mut stage = stage;
    stage.subscribe().await?;
    stage.write(lines(1)).await?;
    stage.finish().await
}
