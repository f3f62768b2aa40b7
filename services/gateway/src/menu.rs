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
const REGISTER: For = For::Roles(&[
    "infrastructure",
    "support",
    "engineering",
    "accountant",
    "admin",
]);
const REPOSITORY: For = For::Roles(&["infrastructure", "support", "engineering", "admin"]);
const IMPORTERS: For = For::Roles(&["infrastructure", "accountant", "admin"]);

/// One of the systems of the company, beside the market.
struct System {
    /// Its name in the first line.
    name: &'static str,
    /// The beginnings of its addresses.
    roots: &'static [&'static str],
    /// Its pages: address, name, for whom. Whoever comes in gets the first that is theirs.
    pages: &'static [(&'static str, &'static str, For)],
    /// What its readers can count on.
    promise: &'static str,
    /// The words of the way back into it.
    way_in: &'static str,
}

const SYSTEMS: [System; 3] = [
    System {
        name: "Exchange",
        roots: &["/exchange", "/users"],
        pages: &[
            ("/exchange/team", "Team", DEALERS),
            ("/exchange/books", "Books", ACCOUNTANTS),
            ("/exchange/tasks", "My tasks", EVERYBODY),
            ("/exchange/account", "My account", EVERYBODY),
            ("/exchange/analytics", "Analytics", ADMINS),
            ("/users", "People", ADMINS),
        ],
        promise: "Every task falls by lot, and every movement of money is in the books once.",
        way_in: "Go to the exchange",
    },
    System {
        name: "Platforms",
        roots: &["/platforms"],
        pages: &[
            ("/platforms", "Register", REGISTER),
            ("/platforms/changes", "Changes", REGISTER),
            ("/platforms/reviews", "Reviews", REGISTER),
            ("/platforms/reports", "Reports", REGISTER),
            ("/platforms/import", "Import", IMPORTERS),
            ("/platforms/teams", "Teams", REGISTER),
            ("/platforms/fields", "Fields", REGISTER),
        ],
        promise: "Every change of the register is in its log, once, with what was before.",
        way_in: "Go to the register",
    },
    System {
        name: "Commands",
        roots: &["/commands"],
        pages: &[
            ("/commands", "Find", REPOSITORY),
            ("/commands/favourites", "Favourites", REPOSITORY),
            ("/commands/drafts", "Drafts", REPOSITORY),
            ("/commands/uses", "Uses", REPOSITORY),
            ("/commands/new", "New", REPOSITORY),
            ("/commands/import", "Import", REPOSITORY),
        ],
        promise: "A value is quoted for its shell and never becomes a second command. Nothing is run here.",
        way_in: "Go to the commands",
    },
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

impl System {
    fn of(path: &str) -> Option<&'static Self> {
        let is_of = |system: &&Self| system.roots.iter().any(|root| belongs(root, path));
        SYSTEMS.iter().find(is_of)
    }

    /// The pages that are somebody's own.
    fn pages_of(&self, identity: Option<&Identity>) -> Vec<(&'static str, &'static str)> {
        let own = self.pages.iter().filter(|(.., whom)| whom.has(identity));
        own.map(|&(href, label, _)| (href, label)).collect()
    }
}

/// Whether a page is of the register or of the repository, which look alike.
pub(crate) fn is_register(path: &str) -> bool {
    System::of(path).is_some_and(|system| ["Platforms", "Commands"].contains(&system.name))
}

/// The first line: the market, and each system for whoever has a part in it. In the systems and
/// in the console the way back to the market is enough: two full lines are too many on a phone.
pub(crate) fn main(path: &str, identity: Option<&Identity>) -> Vec<Entry> {
    let here = System::of(path);
    let is_elsewhere = here.is_some() || belongs("/console", path);
    let shown = if is_elsewhere { 1 } else { MARKET.len() };
    let market = MARKET.iter().take(shown);
    let market = market.filter(|(.., whom)| whom.has(identity));
    let market = market.map(|&(href, label, others, _)| Entry {
        href,
        label,
        current: path == href || others.iter().any(|other| path.starts_with(other)),
    });
    let systems = SYSTEMS.iter().filter_map(|system| {
        let (href, _) = *system.pages_of(identity).first()?;
        Some(Entry {
            href,
            label: system.name,
            current: here.is_some_and(|here| here.name == system.name),
        })
    });
    market.chain(systems).collect()
}

/// The second line, on the pages of a section.
pub(crate) fn section(path: &str, identity: Option<&Identity>) -> Section {
    if let Some(system) = System::of(path) {
        return Section {
            name: system.name,
            entries: line(&system.pages_of(identity), list_of(path, identity)),
            promise: system.promise,
        };
    }
    let is_operator = For::Roles(&["operator"]).has(identity);
    match is_operator && belongs("/console", path) {
        true => Section {
            name: "Console",
            entries: line(&CONSOLE, path),
            promise: MARKETS_PROMISE,
        },
        false => Section {
            name: "",
            entries: Vec::new(),
            promise: MARKETS_PROMISE,
        },
    }
}

/// The pages of a line. Where all lie below the first, what is nearest to the address is current.
fn line(pages: &[(&'static str, &'static str)], path: &str) -> Vec<Entry> {
    let of_path = pages.iter().filter(|(href, _)| belongs(href, path));
    let nearest = of_path.map(|(href, _)| href.len()).max();
    let entries = pages.iter().map(|&(href, label)| Entry {
        href,
        label,
        current: belongs(href, path) && nearest == Some(href.len()),
    });
    entries.collect()
}

/// Where somebody goes on who was refused a page: address and words.
pub(crate) fn way_out(path: &str, identity: Option<&Identity>) -> (&'static str, &'static str) {
    let system = System::of(path);
    let own = system.and_then(|system| {
        let (href, _) = *system.pages_of(identity).first()?;
        Some((href, system.way_in))
    });
    own.unwrap_or(("/", "Go to the market"))
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
            let line = main("/users/new", Some(&one));
            assert_eq!(main("/", Some(&one)).len(), market.len() + line.len() - 1);
            assert_eq!(labels(&line)[..2], ["Market", "Exchange"]);
            let current: Vec<_> = line.iter().filter(|one| one.current).collect();
            assert_eq!((current.len(), current[0].href), (1, first));
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

    /// The current entries of the second line.
    fn current(path: &str, identity: &Identity) -> Vec<&'static str> {
        let entries = section(path, Some(identity)).entries;
        let current = entries.into_iter().filter(|entry| entry.current);
        current.map(|entry| entry.label).collect()
    }

    #[test]
    fn a_21_the_register_and_the_repository_have_lines_for_those_with_a_part_in_them() {
        for (roles, first) in [
            (&[][..], &["Market"][..]),
            (&["worker"], &["Market", "Exchange"]),
            (&["accountant"], &["Market", "Exchange", "Platforms"]),
            (&["infrastructure"], &["Market", "Platforms", "Commands"]),
            (&["support"], &["Market", "Platforms", "Commands"]),
            (&["engineering"], &["Market", "Platforms", "Commands"]),
            (&["admin"], &["Market", "Exchange", "Platforms", "Commands"]),
        ] {
            let one = somebody(roles);
            assert_eq!(labels(&main("/commands/7", Some(&one))), first, "{roles:?}");
        }
        let keeper = somebody(&["infrastructure"]);
        let register = section("/platforms", Some(&keeper));
        let all = [
            "Register", "Changes", "Reviews", "Reports", "Import", "Teams", "Fields",
        ];
        assert_eq!(
            (register.name, labels(&register.entries)),
            ("Platforms", all.to_vec())
        );
        for (path, label) in [
            ("/platforms", "Register"),
            ("/platforms/sql-server-express/edit", "Register"),
            ("/platforms/reports/costs", "Reports"),
            ("/platforms/import/7", "Import"),
            ("/commands/12", "Find"),
            ("/commands/new", "New"),
            ("/commands/drafts", "Drafts"),
        ] {
            assert_eq!(current(path, &keeper), [label], "{path}");
        }
        let engineer = somebody(&["engineering"]);
        let repository = section("/commands", Some(&engineer));
        let own = ["Find", "Favourites", "Drafts", "Uses", "New", "Import"];
        assert_eq!(labels(&repository.entries), own);
        assert_eq!(
            way_out("/platforms/import", Some(&engineer)),
            ("/platforms", "Go to the register")
        );
        let buyer = somebody(&[]);
        assert_eq!(
            way_out("/commands", Some(&buyer)),
            ("/", "Go to the market")
        );
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
