//! A platform: what must hold of one, and how it moves through its life.

use contracts::platforms::{
    Cost, Criticality, Licence, LicenceType, Lifecycle, Period, PlatformKind, PlatformRecord,
    Renewal,
};
use contracts::{Currency, PlatformId, UserId};
use tidings::{FieldError, Timestamp};

use crate::Error;
use crate::edit::wrong;

/// The public record is the noun itself.
pub(crate) type Platform = PlatformRecord;

const SLUG_LETTERS_MAX: usize = 60;
/// What stands where the slug of a platform would, in addresses of pages and of the API.
pub(crate) const PAGES: [&str; 7] = [
    "changes", "fields", "import", "new", "reports", "reviews", "teams",
];

/// A platform of which nothing was said yet.
pub(crate) fn blank(id: PlatformId, number: i32, by: UserId, at: Timestamp) -> Platform {
    Platform {
        platform_id: id,
        number,
        name: String::new(),
        slug: String::new(),
        publisher: String::new(),
        description: String::new(),
        kind: PlatformKind::Other,
        version_label: String::new(),
        owner_team_id: None,
        technical_contact: String::new(),
        support_contact: String::new(),
        cost: Cost {
            amount_minor: 0,
            currency: Currency::Usd,
            period: Period::Free,
        },
        cost_centre: String::new(),
        budget_code: String::new(),
        purchase_order: String::new(),
        licence: Licence {
            kind: LicenceType::Freeware,
            spdx: None,
            seats: None,
            reference: None,
            starts_on: None,
            expires_on: None,
            renewal: Renewal::None,
        },
        lifecycle: Lifecycle::Proposed,
        criticality: Criticality::Low,
        eol_on: None,
        tags: Vec::new(),
        links: Vec::new(),
        custom_fields: std::collections::BTreeMap::new(),
        last_reviewed_at: None,
        last_reviewed_by: None,
        version: 1,
        created_at: at,
        created_by: by,
        updated_at: at,
        updated_by: by,
        archived_at: None,
    }
}

/// A text without its size and surrounding space, for comparing.
pub(crate) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Letters of a tag, at the most.
pub(crate) const TAG_LETTERS_MAX: usize = 40;

/// Whether a text can be a tag. Migrations name its signs, too: the search of SQLite would cut
/// a tag in two at any other.
pub(crate) fn is_tag(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || "-_.+#/".contains(letter);
    (1..=TAG_LETTERS_MAX).contains(&text.chars().count()) && text.chars().all(is_letter)
}

/// By what two platforms are the same. Neither text has the letter between them, which
/// is a control character.
pub(crate) fn natural_key(publisher: &str, name: &str) -> String {
    format!("{}\u{1f}{}", fold(publisher), fold(name))
}

/// What stands in addresses for a name. Never only digits, which would be a number.
pub(crate) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_LETTERS_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    match slug.bytes().all(|byte| byte.is_ascii_digit()) {
        true if slug.is_empty() => "platform".to_owned(),
        true => format!("platform-{slug}"),
        false => slug.to_owned(),
    }
}

/// Whether a text can stand in addresses for a name.
pub(crate) fn is_slug(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= 100 && text.bytes().all(is_letter)
}

/// What must hold of every platform that is stored, beyond what each field says alone.
pub(crate) fn mistakes(platform: &Platform) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (field, text) in [("name", &platform.name), ("publisher", &platform.publisher)] {
        if text.is_empty() {
            found.push(wrong(field, "field_missing", format!("Say the {field}.")));
        }
    }
    let is_owned = platform.owner_team_id.is_some();
    if platform.lifecycle == Lifecycle::Production && !is_owned {
        let text = "A platform in production has an owner.";
        found.push(wrong("owner", "owner_missing", text));
    }
    if platform.cost.period == Period::Free && platform.cost.amount_minor != 0 {
        let text = "What is free costs nothing: say how often the amount is paid.";
        found.push(wrong("cost_period", "cost_is_free", text));
    }
    let licence = &platform.licence;
    if let (Some(first), Some(last)) = (licence.starts_on, licence.expires_on)
        && last < first
    {
        let text = format!("A licence does not expire before it starts, on {first}.");
        found.push(wrong("licence_expires_on", "licence_ends_early", text));
    }
    found
}

/// A step through life.
pub(crate) struct Move<'a> {
    pub(crate) from: Lifecycle,
    pub(crate) to: Lifecycle,
    pub(crate) comment: &'a str,
    /// Whether somebody said what takes its place, or that nothing does.
    pub(crate) is_replacement_told: bool,
}

impl Move<'_> {
    /// One step forward, or one back with a comment; deprecating says what takes its place.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (from, to) = (place(self.from), place(self.to));
        if from == to {
            return Ok(());
        }
        if self.from == Lifecycle::Retired {
            return Err(Error::Retired);
        }
        if from.abs_diff(to) != 1 {
            return Err(Error::LifecycleMove {
                from: self.from,
                to: self.to,
            });
        }
        if to < from && self.comment.is_empty() {
            let text = "Say in the comment why it goes back.";
            return Err(wrong("comment", "comment_missing", text).into());
        }
        if to > from && self.to == Lifecycle::Deprecated && !self.is_replacement_told {
            let text = "Say which platform takes its place, or \"none\".";
            return Err(wrong("replaced_by", "replaced_by_missing", text).into());
        }
        Ok(())
    }
}

fn place(lifecycle: Lifecycle) -> usize {
    let mut all = Lifecycle::ALL.iter();
    all.position(|one| *one == lifecycle).unwrap_or_default()
}

/// Where life can go from somewhere: the step forward, and the step back.
pub(crate) fn next_moves(from: Lifecycle) -> Vec<Lifecycle> {
    let at = place(from);
    let beside = [at.checked_add(1), at.checked_sub(1)];
    let beside = beside.into_iter().flatten();
    match from {
        Lifecycle::Retired => Vec::new(),
        _ => beside
            .filter_map(|at| Lifecycle::ALL.get(at).copied())
            .collect(),
    }
}

/// The same in words.
pub(crate) fn allowed_moves(from: Lifecycle) -> String {
    let back = |to: Lifecycle| match to < from {
        true => format!("back to {to} with a comment"),
        false => format!("on to {to}"),
    };
    let moves: Vec<_> = next_moves(from).into_iter().map(back).collect();
    match moves.is_empty() {
        true => "nowhere before it is restored".to_owned(),
        false => moves.join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_beside_platforms_in_addresses_is_kept_from_slugs() {
        let (_, document) = crate::http::routes();
        let paths = document["paths"].as_object().unwrap().keys();
        let first =
            paths.filter_map(|path| path.strip_prefix("/api/platforms/")?.split('/').next());
        // Slugs have no full stops, and addresses of platforms are in braces.
        let words: Vec<_> = first.filter(|word| slug_of(word) == *word).collect();
        assert!(words.contains(&"reports"), "{words:?}");
        assert!(words.iter().all(|word| PAGES.contains(word)), "{words:?}");
    }
}
