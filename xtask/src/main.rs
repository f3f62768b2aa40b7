//! What developers and CI run: `cargo xtask <command>`.

mod bench;
mod check;
mod failure;
mod process;
mod servers;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use failure::Outcome;

const COMMANDS: &str = "\
cargo xtask <command>

  test  [-- ARGS]               run every test against real servers, installing and starting them;
                                ARGS go to `cargo test`, as in `cargo xtask test -- -p orders`
  check [NAME...] [--advisories]
                                format, clippy, docs, licences and bans, architecture, file sizes,
                                machine paths; with names only those
  bench [ARGS]                  measure a release build against a throw-away PostgreSQL;
                                ARGS go to the benchmark
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        None => {
            print!("{COMMANDS}");
            return ExitCode::SUCCESS;
        }
        Some((command, rest)) => run(command, rest),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("xtask: {failure}");
        ExitCode::FAILURE
    })
}

fn run(command: &str, rest: &[String]) -> Outcome<ExitCode> {
    match command {
        "test" => test::run(after_separator(rest)),
        "check" => check::run(rest),
        "bench" => bench::run(after_separator(rest)),
        "help" | "-h" | "--help" => {
            print!("{COMMANDS}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => {
            eprint!("xtask: there is no command `{unknown}`\n\n{COMMANDS}");
            Ok(ExitCode::from(2))
        }
    }
}

/// What another program is to get: only the first `--` is ours, a second one is its own.
fn after_separator(rest: &[String]) -> &[String] {
    match rest.split_first() {
        Some((first, others)) if first == "--" => others,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::after_separator;

    #[test]
    fn only_the_first_separator_is_taken_off() {
        let given = ["--", "-p", "orders", "--", "--nocapture"].map(String::from);
        assert_eq!(after_separator(&given), &given[1..]);
        assert_eq!(after_separator(&given[1..]), &given[1..]);
        assert!(after_separator(&[]).is_empty());
    }
}
