//! The causal tree of a flow over all services (X-22, E-10).

use serde::{Deserialize, Serialize};
use tidings::trace::{self, Node, NodeKind};
use tidings::{
    Command, Context, Error, Event, Flow, Job, Received, Service, StepFailed, Tx, Workflow,
};

use crate::bed::{Bed, CountEvent, Stage, add, on_both, producer};

#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "echoes", key = "key")]
enum EchoEvent {
    #[event("echo.heard")]
    Heard { key: String },
    #[event("echo.written_down")]
    WrittenDown { key: String },
    #[event("echo.answered")]
    Answered { key: String },
}

#[derive(Serialize, Deserialize)]
struct WriteDown {
    key: String,
}

impl Job for WriteDown {
    const KIND: &'static str = "write_down";
}

#[derive(Serialize, Deserialize)]
struct AnswerBack {
    key: String,
}

impl Workflow for AnswerBack {
    const NAME: &'static str = "answer_back";
}

#[derive(Serialize, Deserialize)]
struct Say {
    key: String,
}

impl Command for Say {
    const NAME: &'static str = "mouth.say_word";
    const TARGET: &'static str = "mouth";
    type Reply = ();

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// A handler that publishes, enqueues and starts.
async fn hear(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let CountEvent::Added { key, .. } = event.data;
    tx.publish(EchoEvent::Heard { key: key.clone() })?;
    tx.enqueue(&WriteDown { key: key.clone() }).await?;
    tx.start(&AnswerBack { key: key.clone() }, key).await?;
    Ok(())
}

async fn write_down(job: WriteDown, tx: &mut Tx) -> Result<(), Error> {
    tx.publish(EchoEvent::WrittenDown { key: job.key })
}

async fn answer_back(run: AnswerBack, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("think", (), think).await?;
    cx.step("answer", run.key, answer).await
}

async fn think((): (), _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn answer(key: String, tx: &mut Tx) -> Result<(), Error> {
    tx.publish(EchoEvent::Answered { key: key.clone() })?;
    tx.send(&Say { key }).await?;
    Ok(())
}

async fn say(_: Received<Say>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn listen(_: Event<EchoEvent>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn stage(bed: &Bed) -> Stage {
    let echo = Service::new("echo")
        .publishes::<EchoEvent>()
        .sends::<Say>()
        .subscribes("hear", hear)
        .job(write_down)
        .workflow(answer_back);
    let ear = Service::new("ear").subscribes("listen", listen);
    let mouth = Service::new("mouth").handles(say);
    bed.stage([producer(), echo, ear, mouth]).await
}

fn asked(correlation_id: &str) -> Context {
    Context {
        actor: "user:ada".to_owned(),
        correlation_id: correlation_id.to_owned(),
        causation_id: None,
    }
}

/// A tree in words: kind, service, name and state, indented by depth; siblings by their text,
/// because those of one moment have no order.
fn told(node: &Node) -> Vec<String> {
    let service = node.service.as_deref().unwrap_or("-");
    let kind = serde_json::to_value(node.kind).unwrap();
    let state = node.state.as_deref().unwrap_or_default();
    let count = match node.count {
        1 => String::new(),
        count => format!("{count} x "),
    };
    let line = format!(
        "{count}{} {service} {} {state}",
        kind.as_str().unwrap(),
        node.name
    );
    let mut below: Vec<Vec<String>> = node.children.iter().map(told).collect();
    below.sort();
    let below = below.into_iter().flatten().map(|line| format!("  {line}"));
    std::iter::once(line.trim_end().to_owned())
        .chain(below)
        .collect()
}

on_both!(
    everything_that_a_request_has_led_to_stands_under_its_cause,
    a_flow_of_thousands_is_folded,
    the_key_of_an_entity_leads_to_all_flows_about_it,
);

async fn everything_that_a_request_has_led_to_stands_under_its_cause(bed: Bed) {
    let mut stage = stage(&bed).await;
    let mut tx = stage
        .handle("producer")
        .begin(asked("flow-1"))
        .await
        .unwrap();
    tx.publish(add("a", 1)).unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let trace = trace::find(&stage.installation, "flow-1").await;
    let [flow] = trace.flows.as_slice() else {
        panic!("{trace:?}");
    };
    assert!(!flow.is_cut && trace.silent.is_empty() && trace.related.is_empty());
    assert_eq!(flow.root.kind, NodeKind::Root);
    assert_eq!(
        told(&flow.root),
        [
            "root - user:ada",
            "  event producer count.added",
            "    handler echo hear applied",
            "      event echo echo.heard",
            "        handler ear listen applied",
            "      job echo write_down done",
            "        event echo echo.written_down",
            "          handler ear listen applied",
            "      workflow echo answer_back done",
            "        step echo answer done",
            "          command echo mouth.say_word",
            "            handler mouth commands applied",
            "          event echo echo.answered",
            "            handler ear listen applied",
            "        step echo think done",
        ]
    );
}

async fn a_flow_of_thousands_is_folded(bed: Bed) {
    let mut stage = stage(&bed).await;
    let mut tx = stage
        .handle("producer")
        .begin(asked("flow-2"))
        .await
        .unwrap();
    for number in 0..300 {
        tx.publish(add(&format!("k{number}"), number)).unwrap();
    }
    tx.commit().await.unwrap();
    stage.settle().await;
    let trace = trace::find(&stage.installation, "flow-2").await;
    let root = &trace.flows[0].root;
    let told = told(root);
    assert_eq!(told.len(), 15, "{told:#?}");
    assert_eq!(told[1], "  300 x event producer count.added");
    assert_eq!(told[8], "      300 x workflow echo answer_back done");
    assert_eq!(root.size(), 1 + 14 * 300);
}

async fn the_key_of_an_entity_leads_to_all_flows_about_it(bed: Bed) {
    let mut stage = bed.stage([producer()]).await;
    for (flow, key) in [("flow-3", "mine"), ("flow-4", "mine"), ("flow-5", "other")] {
        stage.clock.advance(std::time::Duration::from_secs(1));
        let mut tx = stage.handle("producer").begin(asked(flow)).await.unwrap();
        tx.publish(add(key, 1)).unwrap();
        tx.commit().await.unwrap();
    }
    stage.settle().await;
    let of_key = trace::find(&stage.installation, "mine").await;
    let flows: Vec<_> = of_key
        .flows
        .iter()
        .map(|flow| flow.correlation_id.as_str())
        .collect();
    assert_eq!(flows, ["flow-3", "flow-4"]);
    let one = trace::find(&stage.installation, "flow-4").await;
    let related = one.related.iter();
    let related: Vec<_> = related
        .map(|one| (one.correlation_id.as_str(), one.key.as_str()))
        .collect();
    assert_eq!(related, [("flow-3", "mine")]);
}
