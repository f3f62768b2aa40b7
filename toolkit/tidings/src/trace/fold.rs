//! Many alike are shown as one.

use std::collections::HashMap;

use super::Node;

/// More siblings than these that are alike are folded.
const ALIKE_MOST: usize = 5;

/// Folds what is alike among the children, at every depth.
pub(super) fn fold(mut node: Node) -> Node {
    node.children = fold_all(std::mem::take(&mut node.children));
    node
}

fn fold_all(nodes: Vec<Node>) -> Vec<Node> {
    // In the order of the first of each, which the lookup by what they have in common keeps.
    let mut groups: Vec<Vec<Node>> = Vec::new();
    let mut known = HashMap::new();
    for node in nodes {
        let common = (
            node.kind,
            node.service.clone(),
            node.name.clone(),
            node.state.clone(),
        );
        let place = *known.entry(common).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(node);
    }
    let mut all = Vec::new();
    for group in groups {
        match group.len() > ALIKE_MOST {
            true => all.extend(as_one(group)),
            false => all.extend(group.into_iter().map(fold)),
        }
    }
    all.sort_by_key(|one| one.at);
    all
}

/// All of a group as the first of them, with what all of them have led to.
fn as_one(group: Vec<Node>) -> Option<Node> {
    let mut nodes = group.into_iter();
    let mut one = nodes.next()?;
    one.key = None;
    for node in nodes {
        one.count += node.count;
        one.attempts = one.attempts.max(node.attempts);
        one.error = one.error.or(node.error);
        one.at = one.at.into_iter().chain(node.at).min();
        one.ended_at = one.ended_at.max(node.ended_at);
        one.children.extend(node.children);
    }
    Some(fold(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::NodeKind;

    fn node(kind: NodeKind, name: &str, children: Vec<Node>) -> Node {
        let mut node = Node::new(kind, Some("tasks"), name);
        node.children = children;
        node
    }

    /// Each line: how many, the name, indented by its depth.
    fn lines(node: &Node, depth: usize, all: &mut Vec<String>) {
        all.push(format!(
            "{}{} {}",
            "  ".repeat(depth),
            node.count,
            node.name
        ));
        let children = node.children.iter();
        children.for_each(|child| lines(child, depth + 1, all));
    }

    #[test]
    fn a_thousand_alike_stand_as_one_with_what_they_have_led_to() {
        let assigned = |number: u32| {
            let mut handler = node(NodeKind::Handler, "assignments", Vec::new());
            handler.state = Some(if number == 3 { "dead" } else { "applied" }.to_owned());
            handler.children = vec![node(NodeKind::Event, "transaction.applied", Vec::new())];
            node(NodeKind::Event, "task.assigned", vec![handler])
        };
        let mut children: Vec<Node> = (0..1000).map(assigned).collect();
        children.push(node(NodeKind::Event, "tasks.shuffled", Vec::new()));
        let root = fold(node(NodeKind::Root, "somebody", children));
        let mut all = Vec::new();
        lines(&root, 0, &mut all);
        assert_eq!(
            all,
            [
                "1 somebody",
                "  1000 task.assigned",
                "    999 assignments",
                "      999 transaction.applied",
                "    1 assignments",
                "      1 transaction.applied",
                "  1 tasks.shuffled",
            ]
        );
        assert_eq!(root.size(), 3002);
    }

    #[test]
    fn a_few_alike_stay_apart() {
        let children = vec![node(NodeKind::Job, "mail", Vec::new()); ALIKE_MOST];
        let root = fold(node(NodeKind::Root, "somebody", children));
        assert_eq!(root.children.len(), ALIKE_MOST);
    }
}
