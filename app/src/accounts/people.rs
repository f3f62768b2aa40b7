//! Who the demonstration accounts belong to.

/// Somebody with a demonstration account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) email: &'static str,
    /// Full name; buyers and sellers have not said theirs.
    pub(super) name: &'static str,
    pub(super) roles: &'static [&'static str],
    /// Whether it is told how to sign in as them; one of each kind is enough.
    pub(super) is_told: bool,
}

pub(super) const SELLER: &str = "seller@demo.example";
pub(super) const MANAGER: &str = "manager@demo.example";
pub(super) const ACCOUNTANT: &str = "accountant@demo.example";
pub(super) const INFRASTRUCTURE: &str = "infrastructure@demo.example";
pub(super) const SUPPORT: &str = "support@demo.example";
pub(super) const ENGINEERING: &str = "engineering@demo.example";

const fn person(email: &'static str, name: &'static str, role: &'static [&'static str]) -> Person {
    Person {
        email,
        name,
        roles: role,
        is_told: true,
    }
}

const fn colleague(email: &'static str, name: &'static str) -> Person {
    Person {
        is_told: false,
        ..person(email, name, &["worker"])
    }
}

/// Everybody: the market's three, an office, and those of the register and the repository.
pub(super) const ALL: [Person; 19] = [
    person("buyer@demo.example", "", &[]),
    person(SELLER, "", &[]),
    person("operator@demo.example", "", &["operator"]),
    person("worker@demo.example", "Nina Falk", &["worker"]),
    person(MANAGER, "Pavel Orlov", &["manager"]),
    person(ACCOUNTANT, "Ines Duarte", &["accountant"]),
    person(INFRASTRUCTURE, "Jonas Brandt", &["infrastructure"]),
    person(SUPPORT, "Leila Haddad", &["support"]),
    person(ENGINEERING, "Tomás Rivera", &["engineering"]),
    person("admin@demo.example", "Ruth Adler", &["admin"]),
    colleague("amara@demo.example", "Amara Okafor"),
    colleague("bruno@demo.example", "Bruno Keller"),
    colleague("chiara@demo.example", "Chiara Conti"),
    colleague("dmitri@demo.example", "Дмитрий Соколов"),
    colleague("elif@demo.example", "Elif Yılmaz"),
    colleague("finn@demo.example", "Finn O’Dowd"),
    colleague("grace@demo.example", "Grace Lindqvist-Abrahamsson"),
    colleague("hugo@demo.example", "Hugo Marchand"),
    colleague("irina@demo.example", "Ирина Белова"),
];
