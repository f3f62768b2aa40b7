//! Which keys have events that wait, so that later ones must wait behind them; and whether
//! everything does, because an operator has paused the subscription.

use std::collections::HashSet;

use super::Subscription;
use crate::handle::Handle;
use crate::{Dialect, Envelope, Error, Tx, Value, params};

/// Begins the transaction of a part, and says which keys have events that wait; nothing when the
/// subscription is paused. Asked before the
/// cursors are moved: whoever parks one of these events in between moves them too, and then
/// ours do not stand where we think. Only the swap of a projection that was built anew parks
/// events and leaves cursors where they stood, see [`anew`].
pub(super) async fn begin(
    service: &Handle,
    subscription: &Subscription,
    events: &[Envelope],
) -> Result<Option<(Tx, HashSet<String>)>, Error> {
    let (sql, params) = question(service.db().dialect(), subscription, events)?;
    let (tx, rows) = service.begin_own_asking(sql, &params).await?;
    Ok(keys(rows).map(|keys| (tx, keys)))
}

/// The same, asked when the cursors are moved: from then on nothing is swapped.
pub(super) async fn anew(
    tx: &mut Tx,
    subscription: &Subscription,
    events: &[Envelope],
) -> Result<Option<HashSet<String>>, Error> {
    let (sql, params) = question(tx.dialect(), subscription, events)?;
    Ok(keys(tx.query(sql, &params).await?))
}

/// A row without a key says that the subscription is paused.
fn keys(rows: Vec<(Option<String>,)>) -> Option<HashSet<String>> {
    rows.into_iter().map(|(key,)| key).collect()
}

fn question(
    dialect: Dialect,
    subscription: &Subscription,
    events: &[Envelope],
) -> Result<(&'static str, Vec<Value>), Error> {
    let keys: Vec<&str> = events.iter().map(|event| event.key.as_str()).collect();
    let keys = serde_json::to_string(&keys).map_err(|source| Error::Encode {
        what: "keys".to_owned(),
        source,
    })?;
    let sql = dialect.pick(
        "SELECT DISTINCT key FROM tidings_parked WHERE subscription = $1 AND stream = $2
            AND key IN (SELECT value FROM json_each($3))
        UNION ALL SELECT NULL FROM tidings_paused WHERE subscription = $1",
        "SELECT DISTINCT key FROM tidings_parked WHERE subscription = $1 AND stream = $2
            AND key IN (SELECT jsonb_array_elements_text($3::text::jsonb))
        UNION ALL SELECT NULL FROM tidings_paused WHERE subscription = $1",
    );
    let params = params![subscription.name, subscription.stream.name, keys];
    Ok((sql, params.to_vec()))
}
