//! SEC-56: names, whose addresses are somebody else's to choose.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use tidings::CallbackPolicy;

use super::receiver::{Receiver, status};
use super::{outcomes, policy, scene_with};
use crate::bed::{Bed, on_both};

/// A name server that answers each question with the next of its answers, and keeps count.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<(usize, Vec<Vec<IpAddr>>)>>);

impl Names {
    fn new(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        Self(Arc::new(Mutex::new((0, answers))))
    }

    fn policy(&self) -> CallbackPolicy {
        let names = self.clone();
        policy().resolver(move |_| std::future::ready(names.answer()))
    }

    fn answer(&self) -> io::Result<Vec<IpAddr>> {
        let (asked, answers) = &mut *self.0.lock().unwrap();
        let place = (*asked).min(answers.len() - 1);
        *asked += 1;
        match &answers[place][..] {
            [] => Err(io::Error::other("no such name")),
            found => Ok(found.to_vec()),
        }
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().0
    }
}

const NOT_PUBLIC: &str = "the name leads to an address that is not on the public internet";

on_both!(
    a_name_that_leads_inside_is_not_called,
    one_bad_address_among_good_ones_is_enough,
    a_name_that_changes_its_mind_is_not_followed_inside,
    a_name_is_resolved_once_a_try,
    a_name_that_is_not_known_is_a_failure_like_any_other,
);

/// There is a receiver, so that only the check keeps it from being called.
async fn a_name_that_leads_inside_is_not_called(bed: Bed) {
    let inside = Receiver::at(SocketAddr::from(([127, 0, 0, 2], 0)), [status(200)]).await;
    let names = Names::new(&[&["127.0.0.2"]]);
    let mut scene = scene_with(&bed, names.policy()).await;
    let location = scene.run(&inside.url("hooks.test")).await;
    let log = scene.log(&location).await;
    assert_eq!(outcomes(&log), [(Json::Null, json!(NOT_PUBLIC))]);
    assert_eq!(log["state"], "queued", "it may lead elsewhere tomorrow");
    assert_eq!(inside.heard().len(), 0);
    let told = log.to_string();
    assert!(
        !told.contains("127.0.0.2"),
        "nobody maps our network by it: {told}"
    );
}

async fn one_bad_address_among_good_ones_is_enough(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let bad = [
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
    ];
    let answers: Vec<_> = bad.iter().map(|bad| ["127.0.0.1", *bad]).collect();
    let answers: Vec<&[&str]> = answers.iter().map(|answer| &answer[..]).collect();
    let names = Names::new(&answers);
    let mut scene = scene_with(&bed, names.policy()).await;
    let location = scene.run(&receiver.url("hooks.test")).await;
    for _ in 1..bad.len() {
        scene.next_try(&location).await;
    }
    let expected = bad.map(|_| (Json::Null, json!(NOT_PUBLIC)));
    assert_eq!(outcomes(&scene.log(&location).await), expected);
    assert_eq!(receiver.heard().len(), 0);
}

/// 1. The name leads to a receiver that may be called, and is.
/// 2. It leads inside from now on, where somebody listens on the same port.
/// 3. The second try looks again, and goes nowhere: no connection of the first is used again.
async fn a_name_that_changes_its_mind_is_not_followed_inside(bed: Bed) {
    let receiver = Receiver::new([status(500)]).await;
    let port = receiver.address.port();
    let inside = Receiver::at(SocketAddr::from(([127, 0, 0, 2], port)), [status(200)]).await;
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let mut scene = scene_with(&bed, names.policy()).await;
    let location = scene.run(&receiver.url("hooks.test")).await;
    scene.next_try(&location).await;
    let expected = [(json!(500), Json::Null), (Json::Null, json!(NOT_PUBLIC))];
    assert_eq!(outcomes(&scene.log(&location).await), expected);
    assert_eq!((receiver.heard().len(), inside.heard().len()), (1, 0));
}

/// Between a check and a second look a name server could change its answer.
async fn a_name_is_resolved_once_a_try(bed: Bed) {
    let receiver = Receiver::new([status(500), status(500), status(200)]).await;
    let names = Names::new(&[&["127.0.0.1"]]);
    let mut scene = scene_with(&bed, names.policy()).await;
    let location = scene.run(&receiver.url("hooks.test")).await;
    assert_eq!(names.asked(), 1);
    scene.next_try(&location).await;
    scene.next_try(&location).await;
    assert_eq!(names.asked(), 3);
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    let host = format!("hooks.test:{}", receiver.address.port());
    assert!(heard.iter().all(|one| one.header("host") == host));
}

async fn a_name_that_is_not_known_is_a_failure_like_any_other(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let names = Names::new(&[&[], &["127.0.0.1"]]);
    let mut scene = scene_with(&bed, names.policy()).await;
    let location = scene.run(&receiver.url("hooks.test")).await;
    let error = json!("the name could not be resolved");
    assert_eq!(outcomes(&scene.log(&location).await), [(Json::Null, error)]);
    scene.next_try(&location).await;
    assert_eq!(scene.log(&location).await["state"], "delivered");
}
