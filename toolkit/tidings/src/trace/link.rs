//! Puts what is known of a flow together: each under what has caused it.

use std::collections::{HashMap, HashSet};

use super::gather::{Gathered, Of, Told};
use super::receive::{ByEvent, Received};
use super::{Node, NodeKind};
use crate::find::ReceptionState;
use crate::workflow::{StepRow, WorkflowRow};
use crate::{EventId, JobRow, Kind};

/// Deeper chains than anybody reads are shown flat from here on: a tree is walked by recursion,
/// and events can cause each other for ever.
const DEEPEST: usize = 40;

/// Something that was caused and may cause.
struct Item {
    node: Node,
    /// What others call it when they name their cause.
    name: Option<String>,
    cause: Option<String>,
    event: Option<EventId>,
    steps: Vec<StepRow>,
    service: &'static str,
    is_placed: bool,
}

struct Linking<'a> {
    items: Vec<Item>,
    /// Items by the name of their cause.
    caused: HashMap<String, Vec<usize>>,
    received: &'a ByEvent,
}

/// The tree of a flow, nothing folded yet.
pub(super) fn tree(flow: Gathered, received: &ByEvent) -> Node {
    let mut root = root(&flow);
    let items = items(flow);
    let names = names(&items);
    let mut caused: HashMap<String, Vec<usize>> = HashMap::new();
    let mut first = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match item.cause.as_deref().and_then(|cause| known(cause, &names)) {
            Some(cause) => caused.entry(cause.to_owned()).or_default().push(place),
            None => first.push(place),
        }
    }
    let mut linking = Linking {
        items,
        caused,
        received,
    };
    root.children = linking.all(first, 1);
    // What causes itself in a circle: causes that came from outside can say so.
    let rest = (0..linking.items.len()).collect();
    root.children.extend(linking.all(rest, 1));
    root
}

/// What causes can be called.
fn names(items: &[Item]) -> HashSet<String> {
    let mut names = HashSet::new();
    for item in items {
        let Some(name) = &item.name else { continue };
        let steps = item.steps.iter();
        names.extend(steps.map(|step| step_name(name, &step.name)));
        names.insert(name.clone());
    }
    names
}

/// A cause that is in the tree: of a step that is not, its run.
fn known<'a>(cause: &'a str, names: &HashSet<String>) -> Option<&'a str> {
    let run = cause.split_once('/').map(|(run, _)| run);
    let causes = std::iter::once(cause).chain(run);
    causes.into_iter().find(|cause| names.contains(*cause))
}

fn step_name(run: &str, step: &str) -> String {
    format!("{run}/{step}")
}

fn root(flow: &Gathered) -> Node {
    let events = flow.events.iter();
    let events = events.map(|told| (told.event.time, &told.event.context));
    let jobs = flow.jobs.iter();
    let jobs = jobs.map(|job| (job.row.created_at, &job.row.context));
    let runs = flow.runs.iter();
    let runs = runs.map(|run| (run.row.0.created_at, &run.row.0.context));
    // The one without a cause, of those that are of the same moment.
    let first = events.chain(jobs).chain(runs);
    let first = first.min_by_key(|(at, context)| (*at, context.causation_id.is_some()));
    let actor = first.map_or("", |(_, context)| context.actor.as_str());
    let mut root = Node::new(NodeKind::Root, None, actor);
    root.at = first.map(|(at, _)| at);
    root
}

impl Linking<'_> {
    fn all(&mut self, places: Vec<usize>, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for place in places {
            if std::mem::replace(&mut self.items[place].is_placed, true) {
                continue;
            }
            let effects = self.effects(place);
            let mut node = self.items[place].node.clone();
            if depth >= DEEPEST {
                nodes.push(node);
                nodes.extend(self.flat(effects));
                continue;
            }
            node.children = match self.items[place].event.clone() {
                Some(event) => self.handlers(&event, effects, depth + 1),
                None => self.within(place, effects, depth + 1),
            };
            nodes.push(node);
        }
        nodes.sort_by_key(|one| one.at);
        nodes
    }

    fn effects(&self, place: usize) -> Vec<usize> {
        let name = self.items[place].name.as_ref();
        name.and_then(|name| self.caused.get(name))
            .cloned()
            .unwrap_or_default()
    }

    /// Everything that follows, one beside the other.
    fn flat(&mut self, places: Vec<usize>) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut left = places;
        while let Some(place) = left.pop() {
            if !std::mem::replace(&mut self.items[place].is_placed, true) {
                left.extend(self.effects(place));
                nodes.push(self.items[place].node.clone());
            }
        }
        nodes
    }

    /// The services that apply an event, each with what it has led to there.
    fn handlers(&mut self, event: &EventId, effects: Vec<usize>, depth: usize) -> Vec<Node> {
        let mut by_service: Vec<(&'static str, Vec<usize>)> = Vec::new();
        for place in effects {
            let service = self.items[place].service;
            match by_service.iter_mut().find(|(known, _)| *known == service) {
                Some((_, places)) => places.push(place),
                None => by_service.push((service, vec![place])),
            }
        }
        let received = self.received.get(event).cloned().unwrap_or_default();
        let mut nodes = Vec::new();
        for one in received {
            let place = by_service.iter().position(|(name, _)| *name == one.service);
            let places = place.map(|place| by_service.swap_remove(place).1);
            let children = self.all(places.unwrap_or_default(), depth);
            nodes.push(handler(event, &one, children));
        }
        // Of subscriptions that nothing can be asked about, or that are no more.
        for (service, places) in by_service {
            let mut node = Node::new(NodeKind::Handler, Some(service), "");
            node.children = self.all(places, depth);
            node.at = node.children.first().and_then(|child| child.at);
            nodes.push(node);
        }
        // Those that led to nothing come last: nobody knows when they applied it.
        nodes.sort_by_key(|one| (one.at.is_none(), one.at));
        nodes
    }

    /// What a run of a workflow has done is shown at the step that has done it.
    fn within(&mut self, place: usize, effects: Vec<usize>, depth: usize) -> Vec<Node> {
        let steps = std::mem::take(&mut self.items[place].steps);
        let service = self.items[place].service;
        let mut nodes = Vec::new();
        for step in steps {
            let mut node = step_node(service, &step);
            let name = self.items[place].name.as_ref();
            let caused = name.and_then(|run| self.caused.get(&step_name(run, &step.name)));
            let caused = caused.cloned().unwrap_or_default();
            node.children = self.all(caused, depth);
            nodes.push(node);
        }
        nodes.extend(self.all(effects, depth));
        nodes
    }
}

fn handler(event: &EventId, received: &Received, children: Vec<Node>) -> Node {
    let name = received.subscriptions.join(", ");
    let mut node = Node::new(NodeKind::Handler, Some(received.service), &name);
    node.id = Some(event.to_string());
    node.state = Some(word(received.state).to_owned());
    node.attempts = received.attempts;
    node.error = received.error.clone();
    // Nobody notes when an event was applied; what it has led to was committed with it.
    let led_to = children.iter().filter_map(|child| child.at).min();
    node.at = received.applied_at.or(led_to);
    node.children = children;
    node
}

/// As it is written in JSON.
fn word(state: ReceptionState) -> &'static str {
    match state {
        ReceptionState::Unknown => "unknown",
        ReceptionState::Dead => "dead",
        ReceptionState::Parked => "parked",
        ReceptionState::Waiting => "waiting",
        ReceptionState::Stopped => "stopped",
        ReceptionState::Owed => "owed",
        ReceptionState::Discarded => "discarded",
        ReceptionState::Applied => "applied",
        ReceptionState::Before => "before",
    }
}

fn job_name(id: crate::Uuid) -> String {
    format!("job:{id}")
}

fn step_node(service: &str, step: &StepRow) -> Node {
    let mut node = Node::new(NodeKind::Step, Some(service), &step.name);
    node.state = Some(step.state.word().to_owned());
    node.attempts = (step.attempts > 1).then_some(step.attempts);
    node.error = step.error.clone();
    node.at = Some(step.started_at);
    node.ended_at = step.finished_at;
    node
}

fn items(flow: Gathered) -> Vec<Item> {
    let mut items = Vec::new();
    let carried: HashMap<_, _> = flow
        .runs
        .iter()
        .map(|run| (run.row.0.job_id, run.row.0.id))
        .collect();
    let called_back: Vec<_> = flow.callbacks.iter().map(|one| one.row.operation).collect();
    items.extend(flow.events.into_iter().map(event_item));
    items.extend(flow.runs.into_iter().map(run_item));
    for job in flow.jobs {
        // Shown as what they carry.
        let is_run =
            carried.contains_key(&Some(job.row.id)) || job.row.kind.starts_with("workflow.");
        let is_delivery = job.row.kind.starts_with("tidings.callback") && !called_back.is_empty();
        if is_run || is_delivery {
            continue;
        }
        let operation = flow.operations.get(&job.row.id);
        let state = operation.map(|operation| operation.state.clone());
        items.push(job_item(job, state));
    }
    for callback in flow.callbacks {
        let row = callback.row;
        let mut node = Node::new(NodeKind::Callback, Some(callback.service), &row.host);
        node.id = Some(row.id.to_string());
        node.state = Some(row.state);
        node.attempts = (row.failures > 0).then_some(row.failures);
        node.at = Some(row.created_at);
        node.ended_at = row.finished_at;
        let cause = Some(job_name(row.operation));
        items.push(item(callback.service, node, None, cause));
    }
    items
}

fn item(service: &'static str, node: Node, name: Option<String>, cause: Option<String>) -> Item {
    Item {
        node,
        name,
        cause,
        event: None,
        steps: Vec::new(),
        service,
        is_placed: false,
    }
}

fn event_item(told: Told) -> Item {
    let event = told.event;
    let kind = match told.kind {
        Kind::Command if event.id.stream.starts_with("replies.") => NodeKind::Reply,
        Kind::Command => NodeKind::Command,
        Kind::Business | Kind::State => NodeKind::Event,
    };
    let mut node = Node::new(kind, Some(told.service), &event.name);
    node.id = Some(event.id.to_string());
    node.key = Some(told.shown_key);
    node.at = Some(event.time);
    let mut item = item(
        told.service,
        node,
        Some(event.id.to_string()),
        event.context.causation_id,
    );
    item.event = Some(event.id);
    item
}

fn job_item(job: Of<JobRow>, operation: Option<String>) -> Item {
    let row = job.row;
    let kind = match operation {
        Some(_) => NodeKind::Operation,
        None => NodeKind::Job,
    };
    let mut node = Node::new(kind, Some(job.service), &row.kind);
    node.id = Some(row.id.to_string());
    node.state = Some(operation.unwrap_or(row.state));
    node.attempts = (row.attempts > 1).then_some(row.attempts);
    node.error = row.error;
    node.at = Some(row.created_at);
    node.ended_at = row.finished_at;
    item(
        job.service,
        node,
        Some(job_name(row.id)),
        row.context.causation_id,
    )
}

fn run_item(run: Of<(WorkflowRow, Vec<StepRow>)>) -> Item {
    let (row, steps) = run.row;
    let mut node = Node::new(NodeKind::Workflow, Some(run.service), &row.name);
    node.id = Some(row.id.to_string());
    node.key = Some(row.key);
    node.state = Some(row.state.word().to_owned());
    node.error = row.stuck_by.or(row.error);
    node.at = Some(row.created_at);
    node.ended_at = row.finished_at;
    let name = format!("workflow:{}", row.id);
    let mut item = item(run.service, node, Some(name), row.context.causation_id);
    item.steps = steps;
    item
}
