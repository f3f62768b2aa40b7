//! Which keys have events that wait, so that later ones must wait behind them.

use std::collections::HashSet;

use super::Subscription;
use crate::handle::Handle;
use crate::{Dialect, Envelope, Error, Tx, Value, params};

/// Begins the transaction of a part, and says which keys have events that wait. Asked before the
/// cursors are moved: whoever parks one of these events in between moves them too, and then
/// ours do not stand where we think. Only the swap of a projection that was built anew parks
/// events and leaves cursors where they stood, see [`anew`].
pub(super) async fn begin(
    service: &Handle,
    subscription: &Subscription,
    events: &[Envelope],
) -> Result<(Tx, HashSet<String>), Error> {
    let (sql, params) = question(service.db().dialect(), subscription, events)?;
    let (tx, rows) = service.begin_own_asking::<(String,)>(sql, &params).await?;
    Ok((tx, rows.into_iter().map(|(key,)| key).collect()))
}

/// The same, asked when the cursors are moved: from then on nothing is swapped.
pub(super) async fn anew(
    tx: &mut Tx,
    subscription: &Subscription,
    events: &[Envelope],
) -> Result<HashSet<String>, Error> {
    let (sql, params) = question(tx.dialect(), subscription, events)?;
    let rows: Vec<(String,)> = tx.query(sql, &params).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
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
            AND key IN (SELECT value FROM json_each($3))",
        "SELECT DISTINCT key FROM tidings_parked WHERE subscription = $1 AND stream = $2
            AND key IN (SELECT jsonb_array_elements_text($3::text::jsonb))",
    );
    let params = params![subscription.name, subscription.stream.name, keys];
    Ok((sql, params.to_vec()))
}
