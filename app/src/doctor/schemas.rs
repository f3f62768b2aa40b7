//! Whether the services' tables are those that this version of the program knows.

use tidings::SchemaDifference;
use tidings::inspect::InspectedService;

use super::finding::Findings;
use super::one_line;

const SECTION: &str = "schemas";

pub(super) fn look(services: &[InspectedService], findings: &mut Findings) {
    for service in services {
        one(service, findings);
    }
}

fn one(service: &InspectedService, findings: &mut Findings) {
    let name = service.name;
    if service.is_half_moved {
        let text = "is half filled by a move that was broken off: run `tidings move` with --again";
        findings.problem(SECTION, name, text);
        return;
    }
    if let Some(fault) = &service.fault {
        let text = format!("cannot be read: {}", one_line(fault));
        findings.problem(SECTION, name, &text);
        return;
    }
    if !service.is_there {
        findings.warning(
            SECTION,
            name,
            "has no tables yet: the first start makes them",
        );
        return;
    }
    if service.differences.is_empty() {
        let text = format!("all {} migrations are applied", service.migrations);
        findings.ok(SECTION, name, &text);
    }
    for (migration, difference) in &service.differences {
        let subject = format!("{name} {migration}");
        match difference {
            SchemaDifference::Pending => {
                let text = "is not applied yet: the next start of this version does it";
                findings.warning(SECTION, &subject, text);
            }
            SchemaDifference::Edited => {
                let text = "is not what was applied: this version will refuse to start";
                findings.problem(SECTION, &subject, text);
            }
            SchemaDifference::Unknown => {
                let text = "was applied by another version, newer than this one: start that one";
                findings.warning(SECTION, &subject, text);
            }
        }
    }
}
