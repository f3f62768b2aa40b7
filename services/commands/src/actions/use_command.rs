//! Somebody has used a command, and says what came of it.

use std::collections::{BTreeMap, BTreeSet};

use contracts::commands::{CommandRecord, Outcome, UsageEvent};
use contracts::{CommandId, UsageId};
use tidings::{FieldError, Tx};

use crate::access::Member;
use crate::param::VALUE_LETTERS_MAX;
use crate::render::VALUES_MAX;
use crate::store::usages::{self, Usage, Values};
use crate::text::{lines_mistake, name_told, tidy, wrong};
use crate::{Error, store};

const NOTE_LETTERS_MAX: usize = 1_000;

/// A use that somebody tells of. Its values may be secrets: it is not printed.
pub(crate) struct Used {
    pub(crate) revision: u64,
    pub(crate) values: BTreeMap<String, Vec<String>>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) note: String,
}

/// Writes down a use with the caller's transaction. The values of secrets go no further than
/// this.
pub(crate) async fn use_command_in_tx(
    tx: &mut Tx,
    member: Member,
    id: CommandId,
    used: Used,
) -> Result<Usage, Error> {
    // Who makes a parameter a secret meanwhile forgets this use's values, too, or comes first.
    let found = store::find_for_use(tx, id).await?;
    found.ok_or(Error::CommandUnknown)?;
    let revision = store::revisions::find(tx, id, used.revision).await?;
    let record = revision.ok_or(Error::RevisionUnknown)?.record;
    let note = tidy(&used.note);
    let mut wrongs = value_mistakes(&record, &used.values);
    wrongs.extend(lines_mistake("note", &note, NOTE_LETTERS_MAX));
    if !wrongs.is_empty() {
        return Err(wrongs.into());
    }
    let secrets = store::revisions::secrets(tx, id).await?;
    let usage = Usage {
        id: UsageId::new(tx.now()),
        command_id: id,
        revision: used.revision,
        user_id: member.id,
        user_name: store::people::name(tx, member.id).await?,
        at: tx.now(),
        params: without_secrets(&secrets, used.values),
        outcome: used.outcome,
        note,
    };
    usages::insert(tx, &usage).await?;
    tx.publish(event(&usage))?;
    Ok(usage)
}

/// Says what came of one's own use. What is not said stays; saying the same changes nothing.
pub(crate) async fn tell_outcome_in_tx(
    tx: &mut Tx,
    member: Member,
    (command_id, id): (CommandId, UsageId),
    outcome: Option<Outcome>,
    note: Option<&str>,
) -> Result<Usage, Error> {
    let found = usages::find_for_update(tx, command_id, id).await?;
    let before = found.ok_or(Error::UsageUnknown)?;
    if before.user_id != member.id {
        return Err(Error::NotTheirUse);
    }
    let usage = Usage {
        outcome: outcome.or(before.outcome),
        note: note.map_or_else(|| before.note.clone(), tidy),
        ..before.clone()
    };
    let wrongs: Vec<FieldError> = lines_mistake("note", &usage.note, NOTE_LETTERS_MAX)
        .into_iter()
        .collect();
    if !wrongs.is_empty() {
        return Err(wrongs.into());
    }
    if usage != before {
        usages::update(tx, &usage).await?;
    }
    if usage.outcome != before.outcome {
        tx.publish(event(&usage))?;
    }
    Ok(usage)
}

fn event(usage: &Usage) -> UsageEvent {
    UsageEvent::Used {
        usage_id: usage.id,
        command_id: usage.command_id,
        revision: usage.revision,
        user_id: usage.user_id,
        outcome: usage.outcome,
        at: usage.at,
    }
}

/// A value need not be one that may be filled in, but it must be the value of something: what
/// belongs to no parameter could be a secret that nobody knows of.
fn value_mistakes(
    record: &CommandRecord,
    values: &BTreeMap<String, Vec<String>>,
) -> Vec<FieldError> {
    let mut wrongs = Vec::new();
    for (name, values) in values {
        if record.params.iter().all(|param| param.name != *name) {
            let name = name_told(name);
            let text = format!("This command has no parameter called {name}.");
            wrongs.push(wrong(format!("params.{name}"), "value_unknown", text));
        } else if values.len() > VALUES_MAX {
            let text = format!("At most {VALUES_MAX} values go here.");
            wrongs.push(wrong(format!("params.{name}"), "too_many_values", text));
        } else if values
            .iter()
            .any(|value| value.chars().count() > VALUE_LETTERS_MAX)
        {
            let text = format!("A value has at most {VALUE_LETTERS_MAX} letters.");
            wrongs.push(wrong(format!("params.{name}"), "value_too_long", text));
        } else if values.iter().any(|value| value.contains('\0')) {
            let text = "There are letters in it that nobody types.";
            wrongs.push(wrong(format!("params.{name}"), "bad_value", text));
        }
    }
    wrongs
}

/// What is a secret now was one before anybody knew it, and what was one once stays one.
fn without_secrets(secrets: &BTreeSet<String>, values: BTreeMap<String, Vec<String>>) -> Values {
    let redact = |(name, values): (String, Vec<String>)| {
        let kept = (!secrets.contains(&name)).then_some(values);
        (name, kept)
    };
    values.into_iter().map(redact).collect()
}
