//! The navigation: which pages there are, and for whom.

use tidings::Identity;

/// A link of the navigation.
pub(crate) struct Entry {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    pub(crate) current: bool,
}

/// Pages that belong together, under a second line of navigation.
pub(crate) struct Section {
    /// Its name; empty where there is none.
    pub(crate) name: &'static str,
    pub(crate) entries: Vec<Entry>,
    /// What its readers can count on, at the foot of the page.
    pub(crate) promise: &'static str,
}

/// Who is shown a page.
#[derive(Clone, Copy)]
enum For {
    Everybody,
    SignedIn,
    Roles(&'static [&'static str]),
}

impl For {
    fn has(self, identity: Option<&Identity>) -> bool {
        match (self, identity) {
            (For::Everybody, _) | (For::SignedIn, Some(_)) => true,
            (For::Roles(roles), Some(identity)) => roles.iter().any(|role| identity.has_role(role)),
            (_, None) => false,
        }
    }
}

/// The pages of the market: address, name, other addresses that belong to them, for whom.
const MARKET: [(&str, &str, &[&str], For); 4] = [
    ("/", "Market", &["/tickets/"], For::Everybody),
    ("/sell", "Sell", &[], For::Everybody),
    ("/my/orders", "My orders", &["/orders/"], For::SignedIn),
    ("/my/listings", "My listings", &[], For::SignedIn),
];

const EVERYBODY: For = For::Roles(&["worker", "manager", "accountant", "admin"]);
const DEALERS: For = For::Roles(&["manager", "admin"]);
const ACCOUNTANTS: For = For::Roles(&["accountant", "admin"]);
const ADMINS: For = For::Roles(&["admin"]);

/// The pages of the task exchange; whoever comes in gets the first that is theirs.
const EXCHANGE: [(&str, &str, For); 6] = [
    ("/exchange/team", "Team", DEALERS),
    ("/exchange/books", "Books", ACCOUNTANTS),
    ("/exchange/tasks", "My tasks", EVERYBODY),
    ("/exchange/account", "My account", EVERYBODY),
    ("/exchange/analytics", "Analytics", ADMINS),
    ("/users", "People", ADMINS),
];

/// The pages of the console, which one of the services may fill: address, name.
const CONSOLE: [(&str, &str); 13] = [
    ("/console", "Overview"),
    ("/console/alerts", "Alerts"),
    ("/console/map", "Map"),
    ("/console/events", "Events"),
    ("/console/dead", "Dead events"),
    ("/console/subscriptions", "Subscriptions"),
    ("/console/jobs", "Jobs"),
    ("/console/workflows", "Workflows"),
    ("/console/operations", "Operations"),
    ("/console/callbacks", "Callbacks"),
    ("/console/mail", "Mail"),
    ("/console/catalogue", "Catalogue"),
    ("/console/audit", "Audit"),
];

const MARKETS_PROMISE: &str = "Every ticket is held for one buyer at a time, and charged once.";
const EXCHANGES_PROMISE: &str =
    "Every task falls by lot, and every movement of money is in the books once.";

fn is_exchange(path: &str) -> bool {
    ["/exchange", "/users"].iter().any(|own| belongs(own, path))
}

/// The first line: the market, and the exchange for whoever has a part in it. In the exchange
/// and in the console the way back to the market is enough: two full lines are too many on a phone.
pub(crate) fn main(path: &str, identity: Option<&Identity>) -> Vec<Entry> {
    let is_elsewhere = is_exchange(path) || belongs("/console", path);
    let shown = if is_elsewhere { 1 } else { MARKET.len() };
    let market = MARKET.iter().take(shown);
    let market = market.filter(|(.., whom)| whom.has(identity));
    let market = market.map(|&(href, label, others, _)| Entry {
        href,
        label,
        current: path == href || others.iter().any(|other| path.starts_with(other)),
    });
    let exchange = EXCHANGE.iter().find(|(.., whom)| whom.has(identity));
    let exchange = exchange.map(|&(href, ..)| Entry {
        href,
        label: "Exchange",
        current: is_exchange(path),
    });
    market.chain(exchange).collect()
}

/// The second line, on the pages of a section.
pub(crate) fn section(path: &str, identity: Option<&Identity>) -> Section {
    if is_exchange(path) {
        let list = list_of(path, identity);
        let own = EXCHANGE.iter().filter(|(.., whom)| whom.has(identity));
        let entries = own.map(|&(href, label, _)| Entry {
            href,
            label,
            current: belongs(href, list),
        });
        return Section {
            name: "Exchange",
            entries: entries.collect(),
            promise: EXCHANGES_PROMISE,
        };
    }
    let is_operator = For::Roles(&["operator"]).has(identity);
    match is_operator && belongs("/console", path) {
        true => Section {
            name: "Console",
            entries: CONSOLE
                .into_iter()
                .map(|(href, label)| Entry {
                    href,
                    label,
                    // Every page of the console lies below the first.
                    current: path == href || (href != "/console" && belongs(href, path)),
                })
                .collect(),
            promise: MARKETS_PROMISE,
        },
        false => Section {
            name: "",
            entries: Vec::new(),
            promise: MARKETS_PROMISE,
        },
    }
}

/// Where somebody goes on who was refused a page: address and words.
pub(crate) fn way_out(path: &str, identity: Option<&Identity>) -> (&'static str, &'static str) {
    let own = EXCHANGE.iter().find(|(.., whom)| whom.has(identity));
    match own.filter(|_| is_exchange(path)) {
        Some((href, ..)) => (href, "Go to the exchange"),
        None => ("/", "Go to the market"),
    }
}

/// The list that a page of the exchange was reached from: whoever deals finds tasks under
/// `Team`.
fn list_of<'a>(path: &'a str, identity: Option<&Identity>) -> &'a str {
    let is_task = path.starts_with("/exchange/tasks/") && path != "/exchange/tasks/new";
    match is_task && DEALERS.has(identity) {
        true => "/exchange/team",
        false => path,
    }
}

/// A thing belongs to the list that its address begins with.
fn belongs(href: &str, path: &str) -> bool {
    path.strip_prefix(href)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use tidings::Uuid;

    use super::*;

    fn somebody(roles: &[&str]) -> Identity {
        Identity {
            user_id: Uuid::nil(),
            email: "somebody@example.com".to_owned(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
        }
    }

    fn labels(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.label).collect()
    }

    #[test]
    fn everybody_sees_the_pages_that_they_may_open() {
        assert_eq!(labels(&main("/", None)), ["Market", "Sell"]);
        let buyer = somebody(&[]);
        let market = ["Market", "Sell", "My orders", "My listings"];
        assert_eq!(labels(&main("/", Some(&buyer))), market);
        let market_again = ("/", "Go to the market");
        assert_eq!(way_out("/exchange/tasks", Some(&buyer)), market_again);
        for (roles, first, own) in [
            (
                &["worker"][..],
                "/exchange/tasks",
                &["My tasks", "My account"][..],
            ),
            (
                &["manager"],
                "/exchange/team",
                &["Team", "My tasks", "My account"],
            ),
            (
                &["accountant"],
                "/exchange/books",
                &["Books", "My tasks", "My account"],
            ),
            (
                &["admin"],
                "/exchange/team",
                &[
                    "Team",
                    "Books",
                    "My tasks",
                    "My account",
                    "Analytics",
                    "People",
                ],
            ),
        ] {
            let one = somebody(roles);
            assert_eq!(main("/", Some(&one)).len(), market.len() + 1);
            let line = main("/users/new", Some(&one));
            assert_eq!(labels(&line), ["Market", "Exchange"]);
            let last = line.last().expect("an entry");
            assert_eq!(
                (last.label, last.href, last.current),
                ("Exchange", first, true)
            );
            let section = section("/exchange/tasks/7", Some(&one));
            assert_eq!(
                (section.name, &labels(&section.entries)[..]),
                ("Exchange", own)
            );
            let current: Vec<_> = section.entries.iter().filter(|one| one.current).collect();
            assert_eq!(current.len(), 1);
            let deals = roles.iter().any(|role| ["manager", "admin"].contains(role));
            let list = if deals { "Team" } else { "My tasks" };
            assert_eq!(current[0].label, list);
            assert_eq!(
                way_out("/exchange/none", Some(&one)),
                (first, "Go to the exchange")
            );
        }
    }

    #[test]
    fn the_console_has_its_line_for_operators() {
        let operator = somebody(&["operator"]);
        let line = section("/console/jobs/orders/7", Some(&operator));
        let current: Vec<_> = line.entries.iter().filter(|one| one.current).collect();
        assert_eq!(
            (line.name, current.len(), current[0].label),
            ("Console", 1, "Jobs")
        );
        assert!(
            section("/console", Some(&somebody(&["admin"])))
                .entries
                .is_empty()
        );
        assert!(section("/consoles", Some(&operator)).entries.is_empty());
    }
}
