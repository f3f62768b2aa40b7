//! What an fsync of this disk takes, now.

use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

use crate::Outcome;

const WRITES: usize = 300;

/// Milliseconds of half and of all but one in a hundred, writing one page over and over.
pub(super) fn fsync() -> Outcome<(f64, f64)> {
    let mut file = tempfile::tempfile()?;
    let page = [7_u8; 8192];
    file.write_all(&page)?;
    file.sync_all()?;
    let mut waits = Vec::new();
    for _ in 0..WRITES {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        let begin = Instant::now();
        file.sync_data()?;
        waits.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    waits.sort_by(f64::total_cmp);
    Ok((waits[WRITES / 2], waits[WRITES * 99 / 100]))
}
