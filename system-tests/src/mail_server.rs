//! A mail server that takes what it is given, goes away and comes back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::site::free_port;

/// What it has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The parameters of RCPT TO.
    pub to: Vec<String>,
    /// Head and text as they were sent.
    pub text: String,
}

/// The server. It begins away.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    listens: Option<JoinHandle<()>>,
}

impl MailServer {
    /// A server that nobody can reach yet.
    ///
    /// # Errors
    /// When there is no port for it.
    pub fn away() -> Result<Self, Failure> {
        Ok(Self {
            address: (Ipv4Addr::LOCALHOST, free_port()?).into(),
            letters: Arc::default(),
            listens: None,
        })
    }

    /// What the program is told of it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Comes, or comes back.
    ///
    /// # Errors
    /// When somebody else has its port.
    pub async fn come(&mut self) -> Result<(), Failure> {
        let listener = TcpListener::bind(self.address).await?;
        let letters = Arc::clone(&self.letters);
        self.listens = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&letters)));
            }
        }));
        Ok(())
    }

    /// Goes away; connections that it has are served to their end.
    pub async fn go(&mut self) {
        if let Some(listens) = self.listens.take() {
            listens.abort();
            // It has ended either way.
            let _ = listens.await;
        }
    }

    /// Everything that it has taken.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        taken(&self.letters).clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(listens) = &self.listens {
            listens.abort();
        }
    }
}

fn taken(letters: &Mutex<Vec<Letter>>) -> std::sync::MutexGuard<'_, Vec<Letter>> {
    letters.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection, until either side ends it.
async fn serve(stream: TcpStream, letters: Arc<Mutex<Vec<Letter>>>) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut to = Vec::new();
    writer.write_all(b"220 test ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "RCPT" => {
                to.push(line.clone());
                "250 go on\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await.ok()? {
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                let to = std::mem::take(&mut to);
                taken(&letters).push(Letter { to, text });
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
        if verb == "QUIT" {
            break;
        }
    }
    Some(())
}
