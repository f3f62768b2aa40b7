//! What lists look at: a narrow row for each platform, and its words.

use std::collections::BTreeSet;

use contracts::calendar::Day;
use tidings::{Error, Tx, params};

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
pub(crate) fn words_of(platform: &Platform) -> BTreeSet<String> {
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

/// The last day of the licence, or what sorts behind all days.
pub(crate) fn expiry_key(day: Option<Day>) -> String {
    day.map_or_else(|| "never".to_owned(), |day| day.to_string())
}

/// Puts a platform where lists find it, as it is now.
pub(super) async fn put(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let sql = "INSERT INTO shelf (number, platform_id, archived, lifecycle, criticality, kind,
            owner_team_id, name_key, publisher_key, cost_minor, expires_on, updated_at, words)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (number) DO UPDATE SET archived = excluded.archived,
            lifecycle = excluded.lifecycle, criticality = excluded.criticality,
            kind = excluded.kind, owner_team_id = excluded.owner_team_id,
            name_key = excluded.name_key, publisher_key = excluded.publisher_key,
            cost_minor = excluded.cost_minor, expires_on = excluded.expires_on,
            updated_at = excluded.updated_at, words = excluded.words";
    let before = words_before(tx, platform.number).await?;
    let words = words_of(platform);
    let row = params![
        platform.number,
        platform.platform_id,
        platform.archived_at.is_some(),
        rank(platform.lifecycle, contracts::platforms::Lifecycle::ALL),
        rank(platform.criticality, contracts::platforms::Criticality::ALL),
        platform.kind,
        platform.owner_team_id,
        fold(&platform.name),
        fold(&platform.publisher),
        platform.cost.amount_minor,
        expiry_key(platform.licence.expires_on),
        platform.updated_at,
        line_of(&words),
    ];
    tx.execute(sql, row).await?;
    put_words(tx, platform.number, &before, &words).await
}

/// The words by which it was found until now.
async fn words_before(tx: &mut Tx, number: i32) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT words FROM shelf WHERE number = $1";
    let line: Option<(String,)> = tx.query_opt(sql, params![number]).await?;
    let words = line.map(|(line,)| line.split(' ').map(ToOwned::to_owned).collect());
    let mut words: BTreeSet<String> = words.unwrap_or_default();
    words.remove("");
    Ok(words)
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

async fn put_words(
    tx: &mut Tx,
    number: i32,
    before: &BTreeSet<String>,
    words: &BTreeSet<String>,
) -> Result<(), Error> {
    for word in before.difference(words) {
        let sql = "DELETE FROM words WHERE word = $1 AND number = $2";
        tx.execute(sql, params![word, number]).await?;
    }
    let new: Vec<_> = words.difference(before).collect();
    // SQLite takes some 32,000 values a statement, and PostgreSQL a few more.
    for part in new.chunks(500) {
        let mut values = vec![tidings::Value::from(number)];
        let mut rows = Vec::new();
        for &word in part {
            values.push(word.into());
            rows.push(format!("(${}, $1)", values.len()));
        }
        let sql = format!(
            "INSERT INTO words (word, number) VALUES {}",
            rows.join(", ")
        );
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}
