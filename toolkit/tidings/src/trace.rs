//! The causal tree: everything that one request has led to, over all services.
//!
//! Whatever a transaction publishes, enqueues or starts carries the correlation id of its flow
//! and the name of its cause: the event that was applied, the job or the run of a workflow that
//! was at work; nothing for what a request or a service did by itself. So a flow is a tree, put
//! together here from what the services have stored.
//!
//! ```
//! use tidings::{Service, Setup, Storage, trace};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let installation = Setup::new(Storage::Memory).service(Service::new("orders")).open().await?;
//! assert!(trace::find(&installation, "no-such-flow").await.flows.is_empty());
//! # Ok::<(), tidings::Error>(()) }).unwrap();
//! ```
//!
//! Jobs, runs and operations are deleted some time after they have ended; what is gone is
//! missing in the tree, and what it caused stands at the root.

mod fold;
mod gather;
mod link;
mod receive;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Serialize;

use crate::find::{self, Search};
use crate::{Installation, Timestamp, chain};
use gather::Gathered;

/// Flows that are shown together at the most.
const FLOWS_MOST: usize = 10;
/// Entities of a flow of which it is looked up what else has happened to them.
const KEYS_MOST: usize = 6;
/// Events about one entity that are looked through for other flows.
const EVENTS_OF_KEY: u32 = 50;

/// What something in a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// What began the flow: somebody's request, or a service by itself.
    Root,
    /// An event.
    Event,
    /// A command on its way.
    Command,
    /// The reply to a command.
    Reply,
    /// A service that applies an event.
    Handler,
    /// A job.
    Job,
    /// A run of a workflow.
    Workflow,
    /// A step of a run.
    Step,
    /// A job that somebody outside waits for.
    Operation,
    /// A message that tells somebody outside of the end of an operation.
    Callback,
}

/// Something in a tree, or many alike that stand folded into one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Whose it is.
    pub service: Option<String>,
    /// Its name: an event's type, a subscription, a job's kind.
    pub name: String,
    /// What it is called: an event's address, or the identifier of a job, a run, an operation; of
    /// a handler, the event that it applies. Of many, the first.
    pub id: Option<String>,
    /// The entity it is about; of many, nothing.
    pub key: Option<String>,
    /// Where it stands, as a word.
    pub state: Option<String>,
    /// How many there are: 1, or more that were folded.
    pub count: u64,
    /// How often it was tried, where that is known; of many, the most.
    pub attempts: Option<u32>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it came to be.
    pub at: Option<Timestamp>,
    /// When it ended; of many, the last of them.
    pub ended_at: Option<Timestamp>,
    /// What it has led to, oldest first.
    pub children: Vec<Node>,
}

impl Node {
    fn new(kind: NodeKind, service: Option<&str>, name: &str) -> Self {
        Self {
            kind,
            service: service.map(ToOwned::to_owned),
            name: name.to_owned(),
            id: None,
            key: None,
            state: None,
            count: 1,
            attempts: None,
            error: None,
            at: None,
            ended_at: None,
            children: Vec::new(),
        }
    }

    /// Itself and everything below, folded ones counted one by one.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.count + self.children.iter().map(Node::size).sum::<u64>()
    }

    /// When the last thing of which a moment is known happened, here or below.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let below = self.children.iter().filter_map(Node::last);
        below.chain(self.at).chain(self.ended_at).max()
    }
}

/// One flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// What all of it carries.
    pub correlation_id: String,
    /// Whether there is more than can be shown.
    pub is_cut: bool,
    /// What began it, with everything that followed.
    pub root: Node,
}

/// Another flow that had to do with the same entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// The flow.
    pub correlation_id: String,
    /// The entity.
    pub key: String,
    /// One of its events about it: the type's name.
    pub event: String,
    /// When that was published.
    pub at: Timestamp,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The flow of that correlation id; or, where it is the key of an entity, every flow that had
    /// to do with it, oldest first.
    pub flows: Vec<Flow>,
    /// Other flows about the same entities.
    pub related: Vec<Related>,
    /// Services whose database did not answer: what they did is missing.
    pub silent: Vec<&'static str>,
}

/// The flow of a correlation id, or all flows about an entity, by its key.
///
/// Siblings that are alike (same kind, service, name and state) are folded where there are many,
/// so that a flow of thousands stays small: `1000 × task.assigned`, and below it what they have
/// led to, folded too. What is sensitive is masked.
pub async fn find(installation: &Installation, id: &str) -> Trace {
    let mut trace = Trace::default();
    if let Some((flow, keys)) = trace.flow(installation, id).await {
        trace.flows.push(flow);
        trace.relate(installation, &[id], keys).await;
        return trace;
    }
    let search = Search {
        key: Some(id.to_owned()),
        ..Search::default()
    };
    let found = find::newest(installation, &search, None, EVENTS_OF_KEY).await;
    trace.hush(found.silent);
    let mut flows = Vec::new();
    for one in &found.events {
        let flow = one.event.context.correlation_id.as_str();
        if !flows.contains(&flow) && flows.len() < FLOWS_MOST {
            flows.push(flow);
        }
    }
    for id in flows {
        let flow = trace.flow(installation, id).await;
        trace.flows.extend(flow.map(|(flow, _)| flow));
    }
    trace.flows.sort_by_key(|flow| flow.root.at);
    trace
}

/// Entities, and the streams that tell of them.
type Keys = BTreeSet<(String, String)>;

impl Trace {
    async fn flow(&mut self, installation: &Installation, id: &str) -> Option<(Flow, Keys)> {
        let mask = installation.mask();
        let services = installation.handles().iter();
        let asked = services.map(|service| async move {
            let gathered = gather::of_service(service, id, mask).await;
            (service.name(), gathered)
        });
        let mut all = Gathered::default();
        for (service, gathered) in join_all(asked).await {
            match gathered {
                Ok(gathered) => all.add(gathered),
                Err(error) => {
                    tracing::warn!(service, error = %chain(&error), "a service could not be traced");
                    self.hush(vec![service]);
                }
            }
        }
        let (received, silent) = receive::all(installation, id, &all).await;
        self.hush(silent);
        if all.is_empty() {
            return None;
        }
        let keys = all.keys();
        let (is_cut, root) = (all.is_cut, link::tree(all, &received));
        let flow = Flow {
            correlation_id: id.to_owned(),
            is_cut,
            root: fold::fold(root),
        };
        Some((flow, keys))
    }

    fn hush(&mut self, silent: Vec<&'static str>) {
        self.silent.extend(silent);
        self.silent.sort_unstable();
        self.silent.dedup();
    }

    /// Looks up which other flows had to do with the same entities. Not of a flow about very
    /// many: it is none about one of them.
    async fn relate(&mut self, installation: &Installation, known: &[&str], keys: Keys) {
        if keys.len() > KEYS_MOST {
            return;
        }
        let asked = keys.into_iter().map(|(stream, key)| async move {
            let search = Search {
                stream: Some(stream),
                key: Some(key),
                ..Search::default()
            };
            find::newest(installation, &search, None, EVENTS_OF_KEY).await
        });
        let mask = installation.mask();
        let mut related = BTreeMap::new();
        for found in join_all(asked).await {
            for one in found.events.into_iter().rev() {
                let event = one.event;
                let correlation_id = event.context.correlation_id;
                if known.contains(&correlation_id.as_str()) {
                    continue;
                }
                related.entry(correlation_id.clone()).or_insert(Related {
                    correlation_id,
                    key: mask.text(&event.key, &event.data),
                    event: event.name,
                    at: event.time,
                });
            }
        }
        self.related = related.into_values().collect();
        self.related.sort_by_key(|one| one.at);
    }
}
