//! What the system knows of the process; where it is not Linux, the families are empty.

use std::fs;

use tidings::Timestamp;

use super::page::Page;

/// Linux tells times to programs in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn put(page: &mut Page, began: Timestamp) {
    page.family("process_start_time_seconds");
    page.sample(
        &[],
        u64::try_from(began.as_micros()).unwrap_or(0) / 1_000_000,
    );
    page.family("process_cpu_seconds_total");
    if let Some(seconds) = cpu_seconds() {
        page.sample_s(&[], seconds);
    }
    page.family("process_resident_memory_bytes");
    if let Some(bytes) = resident_bytes() {
        page.sample(&[], bytes);
    }
    page.family("process_open_fds");
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // The folder that is being read is one of them.
        page.sample(&[], (open.count() as u64).saturating_sub(1));
    }
    page.family("tidings_build_info");
    page.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
}

fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11);
    let user: f64 = times.next()?.parse().ok()?;
    let system: f64 = times.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
