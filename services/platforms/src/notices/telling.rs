//! The daily round: tells what is due, and writes to those whom it concerns.

use contracts::calendar::Day;
use contracts::notifications::{Recipient, SendEmail};
use contracts::platforms::RegisterEvent;
use serde::{Deserialize, Serialize};
use tidings::{Job, Timestamp, Tx, uuid_at};

use super::letter::{LINES_MAX, letter};
use super::{days_left, due_on};
use crate::error::Error;
use crate::store::notices::{self, Reader};

/// Before people come to work.
pub(crate) const EVERY_MORNING: &str = "0 6 * * *";
/// So many notices are told in one transaction; others write between two of them.
const NOTICES: usize = 200;
/// So many letters are asked for in one transaction.
const LETTERS: usize = 50;

/// Tells the notices that are due today, and then has the letters written.
///
/// A notice and its event are one transaction, and a notice that stands in its table is not due
/// any more: after a crash the round goes on behind the last one that was told.
#[derive(Serialize, Deserialize)]
pub(crate) struct TellExpiring {
    /// When the round fell due, which is its name.
    pub(crate) run: Timestamp,
    /// The day on which it began, so that it ends on the same one.
    pub(crate) day: Option<Day>,
}

impl TellExpiring {
    pub(crate) fn at(due: Timestamp) -> Self {
        Self {
            run: due,
            day: None,
        }
    }
}

impl Job for TellExpiring {
    const KIND: &'static str = "tell_expiring";
}

pub(crate) async fn tell(job: TellExpiring, tx: &mut Tx) -> Result<(), Error> {
    let today = || Day::of(tx.now());
    let day = job.day.unwrap_or_else(today);
    let mut told = 0;
    for due in due_on(day) {
        let room = NOTICES - told;
        for found in notices::not_told(tx, due, None, room).await? {
            told += 1;
            // False if another round has just told it: then it is that round's.
            if notices::insert(tx, &found, due.threshold, job.run).await? {
                tx.publish(RegisterEvent::LicenceExpiring {
                    platform_id: found.platform_id,
                    expires_on: found.expires_on,
                    days_left: days_left(day, found.expires_on),
                })?;
            }
        }
    }
    if told == NOTICES {
        let rest = TellExpiring {
            run: job.run,
            day: Some(day),
        };
        tx.enqueue(&rest).await?;
        return Ok(());
    }
    let letters = WriteLetters {
        run: job.run,
        day,
        after: None,
    };
    write_letters(letters, tx).await
}

/// Writes one letter of a round to each accountant, with all its notices, and one to each
/// owner, with those of their platforms.
#[derive(Serialize, Deserialize)]
pub(crate) struct WriteLetters {
    run: Timestamp,
    day: Day,
    /// Who got the last letter that was written.
    after: Option<Reader>,
}

impl Job for WriteLetters {
    const KIND: &'static str = "write_letters";
}

pub(crate) async fn write_letters(job: WriteLetters, tx: &mut Tx) -> Result<(), Error> {
    let mut last = None;
    let readers = notices::readers(tx, job.run).await?;
    let mut rest = readers.iter().filter(|one| job.after.as_ref() < Some(one));
    for reader in rest.by_ref().take(LETTERS) {
        write(tx, &job, reader).await?;
        last = Some(reader);
    }
    if rest.next().is_some() {
        let after = last.cloned();
        tx.enqueue(&WriteLetters { after, ..job }).await?;
    }
    Ok(())
}

async fn write(tx: &mut Tx, job: &WriteLetters, reader: &Reader) -> Result<(), Error> {
    let (lines, count) = notices::lines(tx, job.run, job.day, reader, LINES_MAX).await?;
    if lines.is_empty() {
        return Ok(());
    }
    let (subject, text) = letter(&lines, count);
    let to = match reader {
        Reader::Accountant(id) => Recipient::User(*id),
        Reader::Team(address) => Recipient::Address(address.clone()),
    };
    let message_id = uuid_at(tx.now());
    tx.send(&SendEmail {
        message_id,
        to,
        subject,
        text,
    })
    .await?;
    Ok(())
}
