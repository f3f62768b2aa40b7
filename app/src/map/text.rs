//! The map as a table.

use std::fmt::Write;

use tidings::catalog::ServiceEntry;
use tidings::{Catalog, Kind};

const HEADS: [&str; 4] = ["PUBLISHES", "STREAM", "EVENT", "READ BY"];
/// Where nobody publishes or reads.
const NOBODY: &str = "nobody";

pub(super) fn of(catalog: &Catalog) -> String {
    let mut told = String::new();
    let (commands, events): (Vec<_>, Vec<_>) =
        rows(catalog).into_iter().partition(|row| row.is_command);
    table(&HEADS, &events, &mut told);
    if !commands.is_empty() {
        told.push('\n');
        let heads = ["SENDS", "STREAM", "COMMAND", "CARRIED OUT OR LEARNED BY"];
        table(&heads, &commands, &mut told);
    }
    let more: Vec<[String; 2]> = catalog.services.iter().flat_map(more).collect();
    if !more.is_empty() {
        told.push('\n');
        let width = more.iter().map(|[name, _]| name.len()).max();
        for [name, text] in &more {
            line(
                &mut told,
                &format!("{name:<width$}  {text}", width = width.unwrap_or(0)),
            );
        }
    }
    told.push('\n');
    if catalog.warnings.is_empty() {
        told.push_str(
            "No warnings: everything that is published is read, and what is read is published.\n",
        );
    }
    for warning in &catalog.warnings {
        line(&mut told, &format!("warning: {}", warning.text));
    }
    told
}

struct Cells {
    is_command: bool,
    cells: [String; 4],
}

fn rows(catalog: &Catalog) -> Vec<Cells> {
    let mut rows = Vec::new();
    for stream in &catalog.streams {
        let is_command = stream.kind == Kind::Command;
        let readers = stream.readers.iter().map(|one| match is_command {
            // There is one receiver, and its subscription is always called the same.
            true => one.service.to_owned(),
            false => format!("{}/{}", one.service, one.subscription),
        });
        let readers = readers.collect::<Vec<_>>().join(", ");
        let state = if stream.kind == Kind::State {
            " (state)"
        } else {
            ""
        };
        let open = if stream.is_open { " (open)" } else { "" };
        let mut start = [
            stream.producer.unwrap_or(NOBODY).to_owned(),
            format!("{}{state}{open}", stream.name),
        ];
        let mut end = if readers.is_empty() {
            NOBODY.to_owned()
        } else {
            readers
        };
        for event in &stream.events {
            let version = match event.version {
                1 => String::new(),
                version => format!(" v{version}"),
            };
            let [producer, name] = std::mem::take(&mut start);
            rows.push(Cells {
                is_command,
                cells: [producer, name, format!("{}{version}", event.name), end],
            });
            end = "″".to_owned();
        }
    }
    rows
}

fn table(heads: &[&str; 4], rows: &[Cells], told: &mut String) {
    let mut widths = heads.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let [a, b, c, _] = widths;
    let mut write = |[w, x, y, z]: [&str; 4]| {
        line(told, &format!("{w:<a$}  {x:<b$}  {y:<c$}  {z}"));
    };
    write(*heads);
    for row in rows {
        write(row.cells.each_ref().map(String::as_str));
    }
}

fn line(told: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(told, "{}", text.trim_end());
}

/// What a service does beside publishing and reading.
fn more(service: &ServiceEntry) -> Vec<[String; 2]> {
    let schedules = service.schedules.iter();
    let schedules = schedules.map(|one| format!("{} ({})", one.name, one.when));
    let list = |names: &[&str]| names.join(", ");
    let all = [
        ("calls", list(&service.calls)),
        ("workflows", list(&service.workflows)),
        ("operations", list(&service.operations)),
        ("jobs", list(&service.jobs)),
        ("schedules", schedules.collect::<Vec<_>>().join(", ")),
    ];
    let told = all.into_iter().filter(|(_, names)| !names.is_empty());
    let named = told.enumerate().map(|(index, (what, names))| {
        let name = if index == 0 { service.name } else { "" };
        [name.to_owned(), format!("{what:<10}  {names}")]
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use tidings::{Calls, Command, Error, Event, Received, Service, Setup, Storage, Stream, Tx};

    use super::of;

    #[derive(Stream)]
    #[stream(name = "orders", key = "id")]
    enum OrderEvent {
        #[event("order.created")]
        Created { id: u64 },
        #[event("order.paid")]
        Paid { id: u64 },
    }

    #[derive(Stream)]
    #[stream(name = "people", key = "id", state)]
    enum PersonEvent {
        #[event("person.changed")]
        Changed { id: u64 },
    }

    #[derive(Stream)]
    #[stream(name = "ghosts", key = "id")]
    enum GhostEvent {
        #[event("ghost.seen")]
        Seen { id: u64 },
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    struct SendLetter {}

    impl Command for SendLetter {
        const NAME: &'static str = "letters.send_letter";
        const TARGET: &'static str = "letters";
        type Reply = ();
        fn key(&self) -> String {
            String::new()
        }
    }

    async fn read<S: Stream>(_: Event<S>, _: &mut Tx) -> Result<(), Error> {
        Ok(())
    }

    async fn send(_: Received<SendLetter>, _: &mut Tx) -> Result<(), Error> {
        Ok(())
    }

    #[test]
    fn a_small_map_reads_like_this() {
        let shop = Service::new("shop")
            .publishes::<OrderEvent>()
            .publishes::<PersonEvent>()
            .sends::<SendLetter>()
            .calls("bank", Calls::default());
        let letters = Service::new("letters")
            .subscribes("orders", read::<OrderEvent>)
            .subscribes("ghosts", read::<GhostEvent>)
            .handles(send);
        let setup = Setup::new(Storage::Memory).service(shop).service(letters);
        let told = of(&setup.into_catalog().unwrap());
        let expected = "\
PUBLISHES  STREAM          EVENT           READ BY
shop       orders          order.created   letters/orders
                           order.paid      ″
shop       people (state)  person.changed  nobody
nobody     ghosts          ghost.seen      letters/ghosts

SENDS  STREAM                 COMMAND              CARRIED OUT OR LEARNED BY
shop   commands.shop.letters  letters.send_letter  letters

shop  calls       bank

warning: nobody reads the stream people, which shop publishes
warning: letters reads the stream ghosts, which no service here publishes
warning: shop calls bank, which is not there
";
        assert_eq!(told, expected);
    }
}
