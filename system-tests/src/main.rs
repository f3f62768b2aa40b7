//! The binary as people get it, with the named crash points compiled in.
//!
//! It ends when its standard input does: a test that is killed itself leaves no
//! process behind, whatever it had started.

use std::io::Read;

fn main() -> std::process::ExitCode {
    std::thread::spawn(|| {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = [0; 64];
        while stdin.read(&mut buffer).is_ok_and(|read| read > 0) {}
        std::process::abort();
    });
    tidings_app::main()
}
