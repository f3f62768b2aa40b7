//! Where each field of a platform is typed in: in which group, and by which kind of control.

use contracts::platforms::{Criticality, LicenceType, Lifecycle, Period, PlatformKind, Renewal};

use super::Typed;
use crate::access::Member;
use crate::columns::{CUSTOM, text_of};
use crate::edit::{
    CUSTOM_LETTERS_MAX, DESCRIPTION_LETTERS_MAX, NAME_LETTERS_MAX, TEXT_LETTERS_MAX,
};
use crate::fields::{CustomField, FieldType};
use crate::pages::difference::{Teams, label};
use crate::platform::Platform;

/// Controls under one heading.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) controls: Vec<Control>,
}

/// One field.
pub(super) struct Control {
    /// Its flat name.
    pub(super) column: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) required: bool,
    pub(super) help: &'static str,
    /// What it says now, where something else was typed before.
    pub(super) is_now: Option<String>,
}

/// How it is typed in.
pub(super) enum Kind {
    Line {
        letters_max: usize,
    },
    Lines {
        letters_max: usize,
    },
    Day,
    Number,
    /// What is sent, and what is read.
    Choice(Vec<(String, String)>),
}

const GROUPS: [(&str, &[&str]); 4] = [
    (
        "What it is",
        &[
            "name",
            "publisher",
            "kind",
            "description",
            "version_label",
            "lifecycle",
            "criticality",
            "eol_on",
            "tags",
            "links",
        ],
    ),
    (
        "Whose it is",
        &["owner_team_id", "technical_contact", "support_contact"],
    ),
    (
        "Cost",
        &[
            "cost_amount",
            "cost_currency",
            "cost_period",
            "cost_centre",
            "budget_code",
            "purchase_order",
        ],
    ),
    (
        "Licence",
        &[
            "licence_type",
            "licence_spdx",
            "licence_seats",
            "licence_reference",
            "licence_starts_on",
            "licence_expires_on",
            "licence_renewal",
        ],
    ),
];

/// The groups with what somebody may change. What was typed is kept.
pub(super) fn groups(
    member: Member,
    is_new: bool,
    platform: &Platform,
    typed: &Typed,
    teams: &Teams,
    fields: &[CustomField],
) -> Vec<Group> {
    let may = |column: &str| match is_new {
        // A proposal is proposed, and life goes on by the buttons of the page.
        true => column != "lifecycle" || member.may_edit(),
        false => column != "lifecycle" && member.may_edit_field(platform, named(column)),
    };
    let control = |column: &str| {
        let now = text_of(platform, column, None);
        Control {
            label: match column {
                "owner_team_id" => "Owner".to_owned(),
                other => label(other),
            },
            kind: kind(column, teams),
            required: ["name", "publisher"].contains(&column),
            help: help(column),
            is_now: is_now(typed, column, &now),
            value: typed.get(column).cloned().unwrap_or(now),
            column: column.to_owned(),
        }
    };
    let fixed = GROUPS.into_iter().map(|(title, columns)| Group {
        title,
        controls: columns
            .iter()
            .filter(|column| may(column))
            .map(|column| control(column))
            .collect(),
    });
    let own = fields.iter().filter(|field| field.removed_at.is_none());
    // Those of the kind that was chosen as well, or nobody could say what that kind must have.
    let chosen = typed.get("kind").and_then(|kind| kind.parse().ok());
    let is_of = |field: &CustomField| {
        let mut kinds = [Some(platform.kind), chosen].into_iter().flatten();
        kinds.any(|kind| field.told.applies_to(kind))
    };
    let own = own.filter(|field| is_new || is_of(field));
    let own = own.filter(|field| may(&format!("{CUSTOM}{}", field.key)));
    let custom = Group {
        title: "Besides",
        controls: own
            .map(|field| custom(field, platform, typed, is_new))
            .collect(),
    };
    let all = fixed.chain([custom]);
    all.filter(|group| !group.controls.is_empty()).collect()
}

/// Rights name the owner by what files call it.
fn named(column: &str) -> &str {
    match column {
        "owner_team_id" => "owner",
        other => other,
    }
}

fn is_now(typed: &Typed, column: &str, now: &str) -> Option<String> {
    let same = |text: &String| text.trim().replace("\r\n", "\n") == now;
    let other = typed.get(column).filter(|text| !same(text));
    other.map(|_| now.to_owned()).filter(|now| !now.is_empty())
}

fn custom(field: &CustomField, platform: &Platform, typed: &Typed, is_new: bool) -> Control {
    let column = format!("{CUSTOM}{}", field.key);
    let now = text_of(platform, &column, None);
    let told = &field.told;
    Control {
        label: told.label.clone(),
        kind: match told.kind {
            FieldType::Text => Kind::Lines {
                letters_max: CUSTOM_LETTERS_MAX,
            },
            FieldType::Link => Kind::Line {
                letters_max: CUSTOM_LETTERS_MAX,
            },
            FieldType::Number => Kind::Number,
            FieldType::Date => Kind::Day,
            FieldType::Bool => choice(&[("", "Nothing said"), ("true", "Yes"), ("false", "No")]),
            FieldType::Choice => {
                let nothing = [(String::new(), "Nothing said".to_owned())];
                // What it says now stays, also when it is no choice any more.
                let gone = Some(&now).filter(|now| !told.allowed_values.contains(now));
                let gone = gone.filter(|now| !now.is_empty());
                let values = told.allowed_values.iter().chain(gone);
                let values = values.map(|one| (one.clone(), one.clone()));
                Kind::Choice(nothing.into_iter().chain(values).collect())
            }
        },
        // A new platform may turn out to be of a kind that does not have it, and what an old one
        // never said keeps nobody from saying something else.
        required: told.required
            && match is_new {
                true => told.applies_to_kind.is_none(),
                false => !now.is_empty(),
            },
        help: "",
        is_now: is_now(typed, &column, &now),
        value: typed.get(&column).cloned().unwrap_or(now),
        column,
    }
}

fn kind(column: &str, teams: &Teams) -> Kind {
    match column {
        "name" | "publisher" => Kind::Line {
            letters_max: NAME_LETTERS_MAX,
        },
        "description" | "links" => Kind::Lines {
            letters_max: DESCRIPTION_LETTERS_MAX,
        },
        "kind" => words(PlatformKind::ALL.iter().map(|one| one.as_str())),
        "lifecycle" => words(Lifecycle::ALL.iter().map(|one| one.as_str())),
        "criticality" => words(Criticality::ALL.iter().map(|one| one.as_str())),
        "cost_period" => words(Period::ALL.iter().map(|one| one.as_str())),
        "licence_type" => words(LicenceType::ALL.iter().map(|one| one.as_str())),
        "licence_renewal" => words(Renewal::ALL.iter().map(|one| one.as_str())),
        "cost_currency" => choice(&[("usd", "US dollar"), ("eur", "Euro")]),
        "owner_team_id" => {
            let nobody = [(String::new(), "Nobody".to_owned())];
            let teams = teams
                .iter()
                .map(|(id, name)| (id.to_string(), name.clone()));
            Kind::Choice(nobody.into_iter().chain(teams).collect())
        }
        "eol_on" | "licence_starts_on" | "licence_expires_on" => Kind::Day,
        "cost_amount" | "licence_seats" => Kind::Number,
        _ => Kind::Line {
            letters_max: TEXT_LETTERS_MAX,
        },
    }
}

fn words(all: impl Iterator<Item = &'static str>) -> Kind {
    let all = all.map(|word| (word.to_owned(), label(word)));
    Kind::Choice(all.collect())
}

fn choice(all: &[(&str, &str)]) -> Kind {
    let all = all.iter();
    let all = all.map(|(word, label)| ((*word).to_owned(), (*label).to_owned()));
    Kind::Choice(all.collect())
}

fn help(column: &str) -> &'static str {
    match column {
        "owner_team_id" => "What is in production has an owner.",
        "cost_amount" => "Like 120.00; nothing for what is free.",
        "tags" => "Words with commas between them.",
        "links" => "One a line: words, then the address.",
        "licence_spdx" => "As in the list of SPDX: MIT, Apache-2.0.",
        "licence_expires_on" => {
            "The last day. Owner and accounting are told 90, 30 and 7 days before, and on it."
        }
        "support_contact" => "Whom to ask when it fails.",
        "technical_contact" => "Whom to ask about how it works.",
        _ => "",
    }
}
