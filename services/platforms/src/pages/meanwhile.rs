//! What others have changed of a platform while somebody had its page open.

use tidings::{Conn, Error};

use super::difference::label;
use crate::actions::PLATFORM;
use crate::platform::Platform;
use crate::store;
use crate::store::changes::Wanted;

/// Changes in which is looked for it.
const CHANGES: u32 = 20;

/// Who has changed what since a version, in words, newest first.
pub(super) async fn meanwhile(
    conn: &mut Conn,
    platform: &Platform,
    seen: u64,
) -> Result<Vec<String>, Error> {
    let wanted = Wanted {
        entities: vec![PLATFORM.to_owned()],
        entity_id: Some(platform.platform_id.to_string()),
        ..Wanted::default()
    };
    let rows = store::changes::list(conn, &wanted, None, CHANGES).await?;
    let is_since = |after: &serde_json::Value| after["version"].as_u64() > Some(seen);
    let since = rows
        .into_iter()
        .filter(|(change, _)| change.after.as_ref().is_some_and(is_since));
    let words = since.map(|(change, by)| {
        let fields: Vec<_> = change.changed_fields.iter().map(|one| label(one)).collect();
        let by = by.unwrap_or_else(|| "Somebody".to_owned());
        format!("{by} has changed: {}.", fields.join(", "))
    });
    Ok(words.collect())
}

/// The version that a form was opened at. What is no version was never seen.
pub(super) fn seen(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}
