//! A child in a process group of its own, which ends with everything that it started: when it is
//! done, when we fail, and when somebody presses Ctrl-C.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Outcome, WhileDoing};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Option<u32>> = Mutex::new(None);

/// From now on Ctrl-C, SIGTERM and SIGHUP end the running group instead of us, so that the guards
/// of servers and folders are still dropped. The second time it is killed without mercy.
pub(crate) fn catch_interrupts() -> Outcome {
    ctrlc::set_handler(|| {
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        let running = RUNNING.lock().map_or(None, |group| *group);
        if let Some(group) = running {
            signal(group, if again { "KILL" } else { "TERM" });
        }
    })
    .while_doing("watch for Ctrl-C")
}

/// Called between steps: after an interrupt nothing new is begun.
pub(crate) fn go_on_unless_interrupted() -> Outcome {
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err(Failure::new("interrupted"));
    }
    Ok(())
}

/// At most one group runs at a time.
pub(crate) struct Group {
    leader: Child,
}

impl Group {
    pub(crate) fn start(mut command: Command) -> Outcome<Group> {
        go_on_unless_interrupted()?;
        let shown = command.get_program().to_string_lossy().into_owned();
        // Outside the terminal's foreground group a read would stop the child for ever.
        command.stdin(Stdio::null()).process_group(0);
        let leader = command.spawn().while_doing(format!("start {shown}"))?;
        let group = Group { leader };
        announce(Some(group.leader.id()));
        // A signal that came before the announcement found nothing to end.
        go_on_unless_interrupted()?;
        Ok(group)
    }

    pub(crate) fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Waits for the leader and then ends whatever it left behind: a forgotten grandchild would
    /// hold our output pipe open and the run would hang with all tests done.
    pub(crate) fn wait(&mut self) -> Outcome<ExitStatus> {
        let status = self.leader.wait().while_doing("wait for a child process")?;
        signal(self.leader.id(), "KILL");
        announce(None);
        go_on_unless_interrupted()?;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.leader.try_wait(), Ok(None)) {
            signal(self.leader.id(), "KILL");
            // Nothing is left to be done about a child that cannot be waited for.
            let _ = self.leader.wait();
        }
        announce(None);
    }
}

fn announce(group: Option<u32>) {
    if let Ok(mut running) = RUNNING.lock() {
        *running = group;
    }
}

/// The shell's own `kill`: the standard library signals only single children, and a bare Debian
/// has no program of that name. It fails when the group is gone already, which is what we want.
fn signal(group: u32, name: &str) {
    let _ = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -s {name} -- -{group}"))
        .stderr(Stdio::null())
        .status();
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::Group;

    /// Reading to the end returns only when nobody holds the pipe any more.
    #[test]
    fn a_finished_leader_takes_its_forgotten_children_along() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & exit 3"]);
        command.stdout(Stdio::piped());
        let mut group = Group::start(command).unwrap();
        let mut output = group.leader().stdout.take().unwrap();

        let status = group.wait().unwrap();

        assert_eq!(status.code(), Some(3));
        output.read_to_string(&mut String::new()).unwrap();
    }

    #[test]
    fn a_dropped_group_ends() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        command.stdout(Stdio::piped());
        let mut group = Group::start(command).unwrap();
        let mut output = group.leader().stdout.take().unwrap();

        drop(group);

        output.read_to_string(&mut String::new()).unwrap();
    }
}
