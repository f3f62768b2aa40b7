//! F-65: a hundred dead receivers and a living one, on the machine's own clock.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use tidings::{Clock, Installation};

use super::receiver::{Behaviour, Receiver, status};
use super::{Scene, policy};
use crate::bed::{Bed, Stage, on_both};
use crate::operations::caller::Caller;
use crate::operations::exporter::{Way, exporter};

on_both!(a_hundred_dead_receivers_do_not_slow_the_living_one);

/// Every name is at this machine, and each is a host of its own.
async fn running(bed: &Bed) -> (Scene, tidings::Running) {
    let names = |_| std::future::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]));
    let clock = Clock::system();
    let setup = bed.setup(&clock).callbacks(policy().resolver(names));
    let mut installation: Installation = setup.service(exporter()).open().await.unwrap();
    let running = installation.start();
    let stage = Stage {
        installation,
        clock,
        workers: Vec::new(),
    };
    let who = Caller::new(&stage);
    (Scene { stage, who }, running)
}

/// The median of some deliveries, from the request to the receiver.
async fn latency(scene: &Scene, living: &Receiver) -> Duration {
    let mut all = Vec::new();
    for _ in 0..9 {
        let (before, began) = (living.heard().len(), Instant::now());
        scene.ask(Way::Succeed, &living.url("living.test")).await;
        living.has_heard(before + 1).await;
        all.push(began.elapsed());
    }
    all.sort();
    all[all.len() / 2]
}

async fn a_hundred_dead_receivers_do_not_slow_the_living_one(bed: Bed) {
    let living = Receiver::new([status(200)]).await;
    let dead = Receiver::new([Behaviour::Hangs]).await;
    let (scene, running) = running(&bed).await;
    latency(&scene, &living).await;
    let usual = latency(&scene, &living).await;
    for number in 0..100 {
        let url = dead.url(&format!("dead{number}.test"));
        scene.ask(Way::Succeed, &url).await;
    }
    dead.has_heard(16).await;
    let beside_the_dead = latency(&scene, &living).await;
    assert!(!dead.heard().is_empty());
    // What is left of the asking itself keeps the machine busy for a moment.
    let most = 2 * usual + Duration::from_millis(250);
    assert!(
        beside_the_dead <= most,
        "{beside_the_dead:?}, usually {usual:?}"
    );
    drop(running);
}
