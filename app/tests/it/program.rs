//! Starting the binary, talking to it, stopping it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The demonstration accounts that a start tells of: one of each kind.
const ACCOUNTS_TOLD: usize = 10;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a run has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(arguments).env_remove("TIDINGS_LOG");
    // What is said where the tests run is not meant for them.
    for name in ["TIDINGS_DATABASE", "TIDINGS_SECRET", "TIDINGS_CONFIG"] {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    run_with(arguments, &[])
}

/// As [`run`], with variables of its environment.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = command(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends a request to whoever listens there, and leaves the answer to be read.
fn open(address: &str, line: &str, headers: &str, body: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// The whole answer, head and body, of whoever listens there.
pub(crate) fn ask(address: &str, line: &str, headers: &str, body: &str) -> io::Result<String> {
    let mut answer = String::new();
    open(address, line, headers, body)?.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Starts a server that cannot work yet, waits until it says why, and stops it; gives back what
/// it has logged.
pub(crate) fn wait_and_stop(folder: &Path, more: &[&str]) -> String {
    let mut arguments = vec!["--port", "0", "--data", folder.to_str().unwrap()];
    arguments.extend_from_slice(more);
    let mut child = command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().expect("a line").unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    [vec![first], rest].concat().join("\n")
}

/// A command that goes on. Dropped, it is killed.
pub(crate) struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            out.map_while(Result::ok)
                .try_for_each(|line| told.send(line))
        });
        Self { child, lines }
    }

    /// The next line that it prints, if it prints one in time.
    pub(crate) fn line_within(&mut self, limit: Duration) -> Option<String> {
        self.lines.recv_timeout(limit).ok()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// `(address, password)` of the demonstration accounts it printed.
    pub(crate) accounts: Vec<(String, String)>,
    /// Reads what it logs: a pipe that nobody reads would hold it up when it is full.
    log: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts on a free port with its data in `folder`.
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        Self::start_with_log(folder, more, "warn")
    }

    /// Starts and logs at a level.
    pub(crate) fn start_with_log(folder: &Path, more: &[&str], level: &str) -> Self {
        let mut arguments = vec!["--port", "0", "--data", folder.to_str().unwrap()];
        arguments.extend_from_slice(more);
        let mut command = command(&arguments);
        command.env("TIDINGS_LOG", level);
        let count = if more.contains(&"--no-demo") {
            0
        } else {
            ACCOUNTS_TOLD
        };
        Self::spawn(&mut command, count)
    }

    /// Starts a part of the services.
    pub(crate) fn start_part(folder: &Path, only: &str, variables: &[(&str, &str)]) -> Self {
        let data = folder.to_str().unwrap();
        let mut command = command(&["serve", "--only", only, "--port", "0", "--data", data]);
        command.env("TIDINGS_LOG", "error");
        let has_accounts = ["auth", "tickets"].iter().all(|name| only.contains(name));
        let count = if has_accounts { ACCOUNTS_TOLD } else { 0 };
        Self::spawn(command.envs(variables.iter().copied()), count)
    }

    fn spawn(command: &mut Command, count: usize) -> Self {
        let mut child = command.spawn().unwrap();
        // From the start: a server whose log nobody reads stands still before it tells anything.
        let mut err = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            // What it has logged counts, however it ends.
            let _ = err.read_to_string(&mut log);
            log
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("a line").unwrap();
        let address = first
            .strip_prefix("Tidings is at http://")
            .expect("the address");
        let address = address.split(' ').next().unwrap();
        let accounts = lines.take(count).map(|line| {
            let line = line.unwrap();
            let mut words = line.split_whitespace().map(ToOwned::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        });
        let accounts = accounts.collect();
        Self {
            accounts,
            address: address.to_owned(),
            log: Some(log),
            child,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Stops it, and gives back what it has logged.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        assert_eq!(self.wait().code(), Some(0));
        self.log.take().unwrap().join().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends the head of a request whose body never comes; returns when the server reads it.
    pub(crate) fn begin(&self, line: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\ncontent-length: 9\r\n\
             expect: 100-continue\r\n{headers}\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut told = [0; 12];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100");
        stream
    }

    /// Sends a request and leaves the answer to be read.
    pub(crate) fn open(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        open(&self.address, line, headers, body).unwrap()
    }

    /// The whole answer, head and body.
    pub(crate) fn ask(&self, line: &str, headers: &str, body: &str) -> String {
        ask(&self.address, line, headers, body).unwrap()
    }

    pub(crate) fn sign_in(&self, email: &str, password: &str) -> String {
        let body = format!("{{\"email\":\"{email}\",\"password\":\"{password}\"}}");
        self.ask(
            "POST /api/users/signin",
            "content-type: application/json\r\n",
            &body,
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
