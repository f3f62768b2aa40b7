//! Damage to the register of platforms and the repository of commands.

use super::Damage;

pub(super) const REGISTER: [Damage; 13] = [
    (
        "platforms",
        "UPDATE platforms SET version = version + 1",
        "A-13",
    ),
    (
        "platforms",
        "DROP TRIGGER changes_are_not_deleted;
        DELETE FROM changes WHERE id = (SELECT max(id) FROM changes)",
        "A-13",
    ),
    (
        "platforms",
        "INSERT INTO changes SELECT 'again', request_id, actor, action, entity, entity_id, before,
            after, changed_fields, comment, at FROM changes LIMIT 1",
        "A-13",
    ),
    (
        "platforms",
        "DELETE FROM platforms WHERE id = (SELECT max(id) FROM platforms)",
        "A-13",
    ),
    (
        "platforms",
        "UPDATE platforms SET name = 'Another one' WHERE number = 1",
        "ok ⊆ applied",
    ),
    ("platforms", "UPDATE people SET roles = ''", "I-42"),
    (
        "commands",
        "UPDATE platforms SET name = 'Another one' WHERE number = 1",
        "I-42",
    ),
    ("commands", "DELETE FROM platforms WHERE number = 1", "I-42"),
    ("commands", "UPDATE people SET email = ''", "I-42"),
    (
        "commands",
        "UPDATE commands SET version = version + 1",
        "A-28",
    ),
    (
        "commands",
        "DROP TRIGGER revisions_are_not_deleted; DELETE FROM revisions",
        "A-28",
    ),
    (
        "commands",
        "UPDATE uses SET uses = uses + 1",
        "every use is counted",
    ),
    (
        "commands",
        "DELETE FROM usages WHERE id = (SELECT max(id) FROM usages)",
        "ok ⊆ applied",
    ),
];
