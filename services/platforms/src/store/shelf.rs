//! What lists look at: a narrow row for each platform, and its words.

use std::collections::BTreeSet;

use contracts::calendar::Day;
use tidings::{Error, Tx, Value};

use super::{parts, places};
use crate::platform::{Platform, fold};

/// Longer words are cut, in the shelf and in what is looked for alike.
const WORD_LETTERS_MAX: usize = 40;
/// How much of a description is looked through, in words.
const DESCRIPTION_WORDS_MAX: usize = 200;

/// The words of a text, in small letters: what stands between anything but letters and digits.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = text.to_lowercase();
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    let cut = |word: &str| word.chars().take(WORD_LETTERS_MAX).collect::<String>();
    let words: Vec<_> = words.filter(|word| !word.is_empty()).map(cut).collect();
    words.into_iter()
}

/// A tag among the words. Words are letters and digits, so that nothing that is typed into a
/// search begins as tags do.
pub(crate) fn tag_word(tag: &str) -> String {
    format!("#{tag}")
}

/// Everything that a search finds a platform by.
fn words_of(platform: &Platform) -> BTreeSet<String> {
    let short = [
        &platform.name,
        &platform.publisher,
        &platform.version_label,
        &platform.technical_contact,
        &platform.support_contact,
        &platform.cost_centre,
        &platform.budget_code,
        &platform.purchase_order,
    ];
    let short = short.into_iter().flat_map(|text| words(text));
    let long = words(&platform.description).take(DESCRIPTION_WORDS_MAX);
    let custom = platform.custom_fields.values();
    let custom = custom.flat_map(|text| words(text).take(DESCRIPTION_WORDS_MAX));
    let tags = platform.tags.iter().flat_map(|tag| words(tag));
    let whole_tags = platform.tags.iter().map(|tag| tag_word(tag));
    let number = std::iter::once(platform.number.to_string());
    let all = short.chain(long).chain(custom).chain(tags);
    all.chain(whole_tags).chain(number).collect()
}

/// A last day, or what sorts behind all days.
pub(crate) fn day_key(day: Option<Day>) -> String {
    day.map_or_else(|| "never".to_owned(), |day| day.to_string())
}

/// Puts platforms where lists find them, as they are now.
pub(super) async fn put(tx: &mut Tx, platforms: &[&Platform]) -> Result<(), Error> {
    let rows: Vec<_> = platforms.iter().map(|platform| row(platform)).collect();
    for part in parts(&rows, ROW) {
        let sql = format!(
            "INSERT INTO shelf (number, platform_id, archived, lifecycle, criticality, kind,
                owner_team_id, name_key, publisher_key, cost_minor, expires_on, eol_on,
                updated_at, words)
            VALUES {}
            ON CONFLICT (number) DO UPDATE SET archived = excluded.archived,
                lifecycle = excluded.lifecycle, criticality = excluded.criticality,
                kind = excluded.kind, owner_team_id = excluded.owner_team_id,
                name_key = excluded.name_key, publisher_key = excluded.publisher_key,
                cost_minor = excluded.cost_minor, expires_on = excluded.expires_on,
                eol_on = excluded.eol_on, updated_at = excluded.updated_at,
                words = excluded.words",
            places(part.len(), ROW),
        );
        tx.execute(&sql, &part.concat()).await?;
    }
    Ok(())
}

const ROW: usize = 14;

fn row(platform: &Platform) -> [Value; ROW] {
    [
        platform.number.into(),
        platform.platform_id.into(),
        platform.archived_at.is_some().into(),
        rank(platform.lifecycle, contracts::platforms::Lifecycle::ALL).into(),
        rank(platform.criticality, contracts::platforms::Criticality::ALL).into(),
        platform.kind.into(),
        platform.owner_team_id.into(),
        fold(&platform.name).into(),
        fold(&platform.publisher).into(),
        platform.cost.amount_minor.into(),
        day_key(platform.licence.expires_on).into(),
        day_key(platform.eol_on).into(),
        platform.updated_at.into(),
        line_of(&words_of(platform)).into(),
    ]
}

/// Words between spaces, with one before the first and one behind the last.
fn line_of(words: &BTreeSet<String>) -> String {
    let mut line = String::from(" ");
    for word in words {
        line.push_str(word);
        line.push(' ');
    }
    line
}

/// Where a word stands among those of its kind.
pub(crate) fn rank<T: PartialEq + Copy>(word: T, all: &[T]) -> i64 {
    let place = all.iter().position(|one| *one == word).unwrap_or_default();
    i64::try_from(place).unwrap_or_default()
}
