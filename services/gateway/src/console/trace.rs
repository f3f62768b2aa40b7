//! A flow as a tree: what a request has led to, over all services (E-10, X-22).

use askama::Template;
use askama::filters::HtmlSafe;
use axum::Extension;
use axum::extract::State;
use tidings::trace::{self, Flow, Node, NodeKind, Related, Trace};
use tidings::{Json, Path, Problem, Timestamp};

use super::Unread;
use super::event::repair_of;
use super::events::{PATH, encode_part, flow_href};
use super::list::unread_once;
use super::operator::Operator;
use super::page::{Page, Said};
use super::text::{grouped, span, word};
use crate::Gateway;
use crate::page::encode;

#[derive(Template)]
#[template(path = "console/trace.html")]
pub(crate) struct Traced {
    said: Said,
    id: String,
    /// How much a person should look at.
    stuck: u64,
    flows: Vec<FlowView>,
    related: Vec<Related>,
}

struct FlowView {
    id: String,
    is_cut: bool,
    began: Option<Timestamp>,
    actor: String,
    /// Things in it, the root left out.
    size: u64,
    took: String,
    /// How many of them a person should look at.
    stuck: u64,
    nodes: Vec<Branch>,
}

/// A node with what it has led to, which renders itself: a tree has no depth that a template
/// could know.
#[derive(Template)]
#[template(path = "console/trace_node.html")]
struct Branch {
    anchor: String,
    node: Node,
    kind: &'static str,
    href: Option<String>,
    /// After the beginning of the flow.
    after: Option<String>,
    took: Option<String>,
    children: Vec<Branch>,
}

/// It is a template, which has escaped what is in it.
impl HtmlSafe for Branch {}

impl Page for Traced {
    type Asked = Path<String>;

    async fn load(gateway: &Gateway, Path(id): &Self::Asked) -> Result<Self, Problem> {
        let trace = trace::find(gateway.installation(), id).await;
        let trace = some(gateway, trace)?;
        let flows = trace.flows.into_iter().enumerate();
        let flows: Vec<_> = flows.map(|(place, flow)| view(place, flow)).collect();
        Ok(Self {
            said: Said::of([trace.silent]),
            id: id.clone(),
            stuck: flows.iter().map(|flow| flow.stuck).sum(),
            flows,
            related: trace.related,
        })
    }

    fn title(&self) -> String {
        "Flow".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

pub(crate) async fn one(
    _: Operator,
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
) -> Result<(Extension<Unread>, Json<Trace>), Problem> {
    let trace = trace::find(gateway.installation(), &id).await;
    let trace = some(&gateway, trace)?;
    Ok((unread_once(trace.silent.clone()), Json(trace)))
}

/// What is not found although somebody did not answer may be there.
fn some(gateway: &Gateway, trace: Trace) -> Result<Trace, Problem> {
    let services = gateway.installation().handles().len();
    match trace.flows.is_empty() && trace.silent.len() < services {
        true => {
            let text = "Nothing belongs to this, or it is so old that it was deleted.";
            Err(Problem::not_found(text))
        }
        false => Ok(trace),
    }
}

fn view(place: usize, flow: Flow) -> FlowView {
    let Flow {
        correlation_id: id,
        is_cut,
        root,
    } = flow;
    let took = root.at.zip(root.last());
    FlowView {
        is_cut,
        began: root.at,
        size: root.size() - 1,
        took: took.map_or_else(String::new, |(from, until)| span(until.since(from))),
        stuck: stuck(&root),
        nodes: branches(&id, root.at, root.children, &format!("n{place}")),
        actor: root.name,
        id,
    }
}

fn stuck(node: &Node) -> u64 {
    let is_stuck = matches!(
        node.state.as_deref(),
        Some("dead" | "parked" | "stuck" | "stopped" | "failed" | "exhausted")
    );
    let own = if is_stuck { node.count } else { 0 };
    own + node.children.iter().map(stuck).sum::<u64>()
}

fn branches(flow: &str, began: Option<Timestamp>, nodes: Vec<Node>, at: &str) -> Vec<Branch> {
    let nodes = nodes.into_iter().enumerate();
    nodes
        .map(|(place, mut node)| {
            let anchor = format!("{at}-{place}");
            let children = std::mem::take(&mut node.children);
            let children = branches(flow, began, children, &anchor);
            let is_alone = node.count == 1;
            let took = node.at.zip(node.ended_at).filter(|_| is_alone);
            Branch {
                anchor,
                kind: kind(node.kind),
                href: href(flow, &node),
                after: began.zip(node.at).map(|(from, at)| span(at.since(from))),
                took: took.map(|(from, until)| span(until.since(from))),
                children,
                node,
            }
        })
        .collect()
}

fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Root => "Beginning",
        NodeKind::Event => "Event",
        NodeKind::Command => "Command",
        NodeKind::Reply => "Reply",
        NodeKind::Handler => "Handler",
        NodeKind::Job => "Job",
        NodeKind::Workflow => "Workflow",
        NodeKind::Step => "Step",
        NodeKind::Operation => "Operation",
        NodeKind::Callback => "Callback",
    }
}

/// Where it has a page of its own; of many events, the list of them.
fn href(flow: &str, node: &Node) -> Option<String> {
    let service = node.service.as_deref()?;
    let id = node.id.as_deref();
    match node.kind {
        NodeKind::Event | NodeKind::Command | NodeKind::Reply if node.count > 1 => {
            let (flow, name) = (encode(flow), encode(&node.name));
            Some(format!("{PATH}?correlation_id={flow}&type={name}"))
        }
        NodeKind::Event | NodeKind::Command | NodeKind::Reply => {
            Some(format!("{PATH}/{}", encode_part(id?)))
        }
        _ if node.count > 1 => None,
        NodeKind::Job => Some(format!("/console/jobs/{service}/{}", id?)),
        NodeKind::Workflow => Some(format!("/console/workflows/{service}/{}", id?)),
        NodeKind::Operation => Some(format!("/console/operations/{service}/{}", id?)),
        // Of several subscriptions nobody can tell here which is meant.
        NodeKind::Handler if matches!(node.state.as_deref(), Some("dead" | "parked")) => {
            let is_one = !node.name.is_empty() && !node.name.contains(", ");
            is_one.then(|| repair_of(service, &node.name, id.unwrap_or_default()))
        }
        NodeKind::Root | NodeKind::Handler | NodeKind::Step | NodeKind::Callback => None,
    }
}
