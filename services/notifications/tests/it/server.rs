//! A mail server of the test's own, which does what it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does with the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// 550 to the recipient.
    RefusesTheReader,
    /// 554 to the text.
    RefusesTheText,
    /// 451 to the recipient.
    IsBusy,
    /// Takes the text, and hangs up before it answers.
    HangsUpAfterTheText,
    /// 554 to everybody who connects.
    RefusesEverybody,
    /// 530: a name and a password first.
    WantsAPassword,
}

/// What it was given, whether or not it said that it has taken it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The parameters of MAIL FROM and RCPT TO.
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// The lines of the head, and the text behind it, as they were sent.
    pub(crate) head: Vec<String>,
    pub(crate) text: String,
}

impl Letter {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let found: Vec<&String> = self
            .head
            .iter()
            .filter(|line| line.starts_with(&start))
            .collect();
        assert_eq!(found.len(), 1, "{name} in {:?}", self.head);
        found[0][start.len()..].to_owned()
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    letters: Arc<Mutex<Vec<Letter>>>,
    /// Gone while the server is down.
    listens: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut server = Self {
            address: listener.local_addr().unwrap(),
            mood: Arc::new(Mutex::new(Mood::Takes)),
            letters: Arc::default(),
            listens: None,
        };
        server.listen(listener);
        server
    }

    fn listen(&mut self, listener: TcpListener) {
        let (mood, letters) = (Arc::clone(&self.mood), Arc::clone(&self.letters));
        self.listens = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let session = Session::new(stream, *mood.lock().unwrap(), Arc::clone(&letters));
                tokio::spawn(session.run());
            }
        }));
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub(crate) fn settings(&self) -> notifications::Settings {
        let from = "Tidings <no-reply@tickets.example>";
        notifications::Settings::smtp(&self.url(), from).unwrap()
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(listens) = self.listens.take() {
            listens.abort();
            let _ = listens.await;
        }
    }

    /// Comes back at the same address.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listen(listener);
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }
}

struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    mood: Mood,
    letters: Arc<Mutex<Vec<Letter>>>,
    from: String,
    to: Vec<String>,
}

impl Session {
    fn new(stream: TcpStream, mood: Mood, letters: Arc<Mutex<Vec<Letter>>>) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            reader: BufReader::new(reader),
            writer,
            mood,
            letters,
            from: String::new(),
            to: Vec::new(),
        }
    }

    async fn say(&mut self, answer: &str) {
        let line = format!("{answer}\r\n");
        let _ = self.writer.write_all(line.as_bytes()).await;
    }

    /// One line, without its end; `None` when the other side is gone.
    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line).await.ok()?;
        let line = String::from_utf8(line).unwrap();
        assert!(
            read == 0 || line.ends_with("\r\n"),
            "a bare end of line: {line:?}"
        );
        (read > 0).then(|| line.trim_end_matches("\r\n").to_owned())
    }

    async fn run(mut self) {
        if self.mood == Mood::RefusesEverybody {
            return self.say("554 no mail from here").await;
        }
        self.say("220 test ESMTP").await;
        while let Some(line) = self.line().await {
            let (verb, rest) = line.split_at(line.len().min(4));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.say("250-test\r\n250-8BITMIME\r\n250 SMTPUTF8").await,
                "MAIL" if self.mood == Mood::WantsAPassword => {
                    self.say("530 5.7.0 authentication required").await;
                }
                "MAIL" => {
                    self.from = rest.trim_start_matches(" FROM:").to_owned();
                    self.say("250 go on").await;
                }
                "RCPT" if self.mood == Mood::RefusesTheReader => {
                    self.say("550 5.1.1 nobody of that name").await;
                }
                "RCPT" if self.mood == Mood::IsBusy => self.say("451 4.3.2 later").await,
                "RCPT" => {
                    self.to.push(rest.trim_start_matches(" TO:").to_owned());
                    self.say("250 go on").await;
                }
                "DATA" if !self.data().await => return,
                "DATA" => {}
                "QUIT" => return self.say("221 bye").await,
                _ => self.say("250 fine").await,
            }
        }
    }

    /// Takes the text; `false` to hang up.
    async fn data(&mut self) -> bool {
        self.say("354 go on").await;
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            if line == "." {
                break;
            }
            lines.push(
                line.strip_prefix('.')
                    .map_or(line.clone(), ToOwned::to_owned),
            );
        }
        let end = lines.iter().position(String::is_empty).unwrap();
        let text = lines[end + 1..].join("\n");
        lines.truncate(end);
        self.letters.lock().unwrap().push(Letter {
            from: std::mem::take(&mut self.from),
            to: std::mem::take(&mut self.to),
            head: lines,
            text,
        });
        match self.mood {
            Mood::HangsUpAfterTheText => return false,
            Mood::RefusesTheText => self.say("554 5.7.1 this is spam").await,
            _ => self.say("250 taken").await,
        }
        true
    }
}
