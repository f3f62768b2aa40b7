//! `tidings move`: an installation moves from SQLite to PostgreSQL with everything it knows.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use tidings::{MovedService, MovedTable, Storage};

use crate::cli::{Move, MoveFrom};
use crate::config::Config;
use crate::folder::{Folder, Moved};
use crate::{Error, services};

/// Nobody else has the source open while this runs, because it holds the folder.
pub(crate) async fn move_to(config: Config, options: Move) -> Result<(), Error> {
    let MoveFrom(folder) = match options.from {
        Some(from) => from,
        None => usual_place(&config)?,
    };
    if !folder.is_dir() {
        return Err(Error::NoFolder { folder });
    }
    let _folder = Folder::take(&folder)?;
    let moved = Moved::of(&folder);
    if !options.again
        && let Err(refused) = moved.refuse()
    {
        return Err(match is_unfinished(&options.to).await {
            true => Error::BrokenOff,
            false => refused,
        });
    }
    let target = without_password(&options.to);
    let since = Instant::now();
    let setup = services::setup(
        Storage::Sqlite(folder.clone()),
        services::Settings::default(),
    );
    let mut told = |table: &MovedTable| {
        tracing::info!(
            service = table.service,
            table = table.table,
            rows = table.rows,
            "moved"
        );
    };
    let copied = setup.copy_to(&options.to, options.again, &mut told).await;
    let copied = copied.map_err(Error::Move)?;
    let (tables, all) = (copied.tables.clone(), copied.services.clone());
    // Before the target can be started: a crash in between leaves none that can be, never two.
    let noted = moved.note(&target).map_err(|source| Error::Folder {
        folder: folder.clone(),
        source,
    })?;
    if let Err(error) = copied.finish().await {
        // If it is not known, the note stays: better no place to start than two.
        if !matches!(error, tidings::Error::OutcomeUnknown(_)) {
            moved.forget()?;
        }
        return Err(Error::Move(error));
    }
    let seconds = since.elapsed().as_secs_f64();
    report(&tables, &all, seconds, &mut io::stdout())?;
    farewell(&folder, &noted, &target, &mut io::stdout())?;
    Ok(())
}

/// The data folder of the settings, unless they say that the data is elsewhere already.
fn usual_place(config: &Config) -> Result<MoveFrom, Error> {
    match config
        .database
        .iter()
        .chain(config.databases.values())
        .next()
    {
        Some(said) => Err(Error::NothingToMove {
            by: said.by.clone(),
        }),
        None => Ok(MoveFrom(config.data.value.clone())),
    }
}

/// Whether a move has come so far that its source was given up, and then ended.
async fn is_unfinished(target: &str) -> bool {
    let storage = Storage::Postgres(target.to_owned());
    let setup = services::setup(storage, services::Settings::default());
    let seen = setup.inspect().await;
    seen.is_ok_and(|seen| seen.services.iter().any(|one| one.is_half_moved))
}

fn report(
    tables: &[MovedTable],
    services: &[MovedService],
    seconds: f64,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{:<16} {:<28} {:>12}", "service", "table", "rows")?;
    for MovedTable {
        service,
        table,
        rows,
    } in tables
    {
        writeln!(out, "{service:<16} {table:<28} {rows:>12}")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "{:<16} {:>16} {:>16}",
        "service", "sum of heads", "sum of cursors"
    )?;
    for MovedService {
        service,
        heads,
        cursors,
    } in services
    {
        writeln!(out, "{service:<16} {heads:>16} {cursors:>16}")?;
    }
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    writeln!(
        out,
        "\n{rows} rows in {} tables, counted on both sides, in {seconds:.1} s.",
        tables.len()
    )
}

fn farewell(
    folder: &std::path::Path,
    noted: &std::path::Path,
    target: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "The installation is in {target} now; start it there with --database and --data {}.\n\
         The files in {} are as they were. Nothing starts on them by accident: to use them all\n\
         the same, remove {}.",
        folder.display(),
        folder.display(),
        noted.display()
    )
}

/// The address of a database as it can be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "the database".to_owned();
    };
    let rest = rest.split('?').next().unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// Reads `sqlite:DIR`.
pub(crate) fn parse_from(text: &str) -> Result<MoveFrom, String> {
    match text.strip_prefix("sqlite:") {
        Some(folder) if !folder.is_empty() => {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            Ok(MoveFrom(PathBuf::from(folder)))
        }
        _ => Err("write sqlite: and the data folder: sqlite:data".to_owned()),
    }
}

/// Reads `postgres://…`.
pub(crate) fn parse_to(text: &str) -> Result<String, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        Ok(text.to_owned())
    } else {
        Err("write the address of a PostgreSQL database: postgres://user@host/name".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_address_has_no_password() {
        let shown = without_password("postgres://me:secret@db.example:5433/shop?sslmode=disable");
        assert_eq!(shown, "postgres://db.example:5433/shop");
        assert_eq!(without_password("host=db password=secret"), "the database");
    }

    #[test]
    fn a_source_is_a_folder_with_a_word_in_front() {
        for (text, folder) in [("sqlite:data", "data"), ("sqlite:///srv/data", "/srv/data")] {
            assert_eq!(parse_from(text).unwrap().0, PathBuf::from(folder));
        }
        assert!(parse_from("data").is_err() && parse_from("sqlite:").is_err());
    }
}
