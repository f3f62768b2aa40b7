//! A way to a server that can be cut: bytes stop, and nobody is told, or connections end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const BUFFER_BYTES: usize = 65_536;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Open,
    Silent,
    Closed,
}

/// A TCP proxy on this machine, for tests of a network that fails between two who live.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let proxy = tidings_test::Proxy::to("127.0.0.1:4222").await?;
/// let broker = format!("nats://{}", proxy.address());
/// // … give that address to one of the processes …
/// proxy.silence();
/// proxy.open();
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
///
/// Dropping it ends every connection, and nobody can connect any more.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Proxy {
    /// An open way to this address.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn to(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let here = listener.local_addr()?;
        let (way, ways) = watch::channel(Way::Open);
        tokio::spawn(take(listener, address.to_owned(), ways));
        Ok(Self { address: here, way })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Carries everything again, also what was held up.
    pub fn open(&self) {
        self.way.send_replace(Way::Open);
    }

    /// Holds up what is sent, as a switch does that drops packets: nobody is told.
    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    /// Ends every connection, and takes no other.
    pub fn close(&self) {
        self.way.send_replace(Way::Closed);
    }
}

async fn take(listener: TcpListener, to: String, mut way: watch::Receiver<Way>) {
    loop {
        let near = tokio::select! {
            Ok((near, _)) = listener.accept() => near,
            changed = way.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        if *way.borrow() == Way::Closed {
            continue;
        }
        let (to, way) = (to.clone(), way.clone());
        tokio::spawn(async move {
            if let Ok(far) = TcpStream::connect(&to).await {
                carry(near, far, way).await;
            }
        });
    }
}

/// Carries bytes both ways until the way is closed.
async fn carry(mut near: TcpStream, mut far: TcpStream, mut way: watch::Receiver<Way>) {
    let (mut up, mut down) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    loop {
        let now = *way.borrow_and_update();
        match now {
            Way::Closed => return,
            Way::Silent => {
                if way.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Way::Open => {}
        }
        tokio::select! {
            Ok(read) = near.read(&mut up) => {
                if read == 0 || far.write_all(&up[..read]).await.is_err() {
                    return;
                }
            }
            Ok(read) = far.read(&mut down) => {
                if read == 0 || near.write_all(&down[..read]).await.is_err() {
                    return;
                }
            }
            changed = way.changed() => if changed.is_err() { return },
            else => return,
        }
    }
}
