//! The tidings binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidings_app::main()
}
