//! What should have moved on by now.

use contracts::calendar::Day;
use tidings::Error;
use tidings::alert::{Finding, Look};

use crate::notices::due_on;
use crate::store::notices::not_told;

/// Licences whose notice was due a day ago and was not told since: the daily round does not run.
///
/// What was changed since then is the next round's.
pub(crate) async fn licences_not_told(mut look: Look) -> Result<Vec<Finding>, Error> {
    let day = Day::of(look.before);
    let (before, most) = (look.before, look.most() as usize);
    let mut late = Vec::new();
    // Those that end first are the ones that matter most.
    for due in due_on(day).into_iter().rev() {
        let room = most - late.len();
        late.extend(not_told(&mut look, due, Some(before), room).await?);
    }
    let finding = |one: crate::store::notices::NotTold| {
        let text = format!(
            "its licence ends on {}, and nobody was told in time",
            one.expires_on
        );
        Finding::new(format!("platform {}", one.platform_id), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
