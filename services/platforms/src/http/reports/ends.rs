//! What comes to its end on some days, in parts and all of it.

use contracts::calendar::Day;
use tidings::{Conn, Error, Paging, Place};

use super::SLICE;
use crate::reports::span::Span;
use crate::store::list::Listed;
use crate::store::reports::{Ending, ending};

/// Where a platform stands among those of which something ends: the last day, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) day: Day,
    number: i32,
}

impl Ends {
    pub(crate) fn of(what: Ending, listed: &Listed) -> Self {
        let platform = &listed.platform;
        let day = match what {
            Ending::Licence => platform.licence.expires_on,
            Ending::Support => platform.eol_on,
        };
        Self {
            day: day.unwrap_or_else(Day::last),
            number: platform.number,
        }
    }

    fn pair(self) -> (Day, i32) {
        (self.day, self.number)
    }
}

impl Place for Ends {
    fn read(text: &str) -> Option<Self> {
        let (day, number) = text.split_once('_')?;
        Some(Self {
            day: day.parse().ok()?,
            number: number.parse().ok()?,
        })
    }

    fn write(&self) -> String {
        format!("{}_{}", self.day, self.number)
    }
}

/// Part of what ends on one of these days, and where the next part begins.
pub(crate) async fn part(
    conn: &mut Conn,
    what: Ending,
    span: Span,
    paging: &Paging<Ends>,
) -> Result<(Vec<Listed>, Option<String>), Error> {
    let after = paging.after.map(Ends::pair);
    let rows = ending(conn, what, span, after, paging.fetch()).await?;
    Ok(paging.cut(rows, |row| Ends::of(what, row)))
}

/// All that end on one of these days, one after the other.
pub(super) async fn every(
    conn: &mut Conn,
    what: Ending,
    span: Span,
    mut each: impl FnMut(Listed),
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let rows = ending(conn, what, span, after, SLICE).await?;
        after = rows.last().map(|last| Ends::of(what, last).pair());
        let is_last = rows.len() < SLICE as usize;
        rows.into_iter().for_each(&mut each);
        if is_last {
            return Ok(());
        }
    }
}
