//! What processes have used, as Linux tells it.

use std::fs;

use crate::Outcome;

/// Of `/proc/PID/stat`, in hundredths of a second.
const TICKS: f64 = 100.0;

/// Seconds of processor time that a process has used, and that its ended children have.
fn used(pid: u32) -> Outcome<(f64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in brackets, may have anything in it.
    let (_, rest) = stat.rsplit_once(')').ok_or("a process without a name")?;
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    let field = |place: usize| fields.get(place).copied().unwrap_or(0.0) / TICKS;
    Ok((field(11) + field(12), field(13) + field(14)))
}

/// Seconds of one process.
pub(super) fn alone(pid: u32) -> Outcome<f64> {
    used(pid).map(|(own, _)| own)
}

/// Seconds of a process and of its children, those that have ended too: a server and its
/// connections.
pub(super) fn with_children(pid: u32) -> Outcome<f64> {
    let (own, ended) = used(pid)?;
    let children = children(pid)?;
    // One that ends meanwhile is counted with its parent the next time.
    let living = children.iter().filter_map(|child| alone(*child).ok());
    Ok(own + ended + living.sum::<f64>())
}

fn children(pid: u32) -> Outcome<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(other) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if parent(other) == Some(pid) {
            found.push(other);
        }
    }
    Ok(found)
}

pub(super) fn parent(pid: u32) -> Option<u32> {
    status(pid, "PPid:")?.parse().ok()
}

/// The most memory that a process has had, in megabytes.
pub(super) fn peak(pid: u32) -> Outcome<f64> {
    let peak = status(pid, "VmHWM:").ok_or("a process without memory")?;
    let kilobytes: f64 = peak.trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}

fn status(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}
