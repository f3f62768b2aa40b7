//! A way to the broker that can be cut: bytes stop, and nobody is told.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Open,
    /// What is sent is held up, as behind a switch that drops packets.
    Silent,
    /// Connections are closed and refused.
    Closed,
}

pub(crate) struct Proxy {
    port: u16,
    way: Arc<watch::Sender<Way>>,
}

impl Proxy {
    pub(crate) async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(watch::Sender::new(Way::Open));
        let ways = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *ways.borrow() != Way::Closed
                    && let Ok(far) = TcpStream::connect(&address).await
                {
                    tokio::spawn(carry(near, far, ways.subscribe()));
                }
            }
        });
        Self { port, way }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn open(&self) {
        self.way.send_replace(Way::Open);
    }

    pub(crate) fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    pub(crate) fn close(&self) {
        self.way.send_replace(Way::Closed);
    }
}

/// Carries bytes both ways until the way is closed.
async fn carry(mut near: TcpStream, mut far: TcpStream, mut way: watch::Receiver<Way>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
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
