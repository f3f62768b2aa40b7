//! What a NATS server tells of its settings, on its monitoring port.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PORT: u16 = 8222;
const LIMIT: Duration = Duration::from_secs(3);
const BYTES_MAX: u64 = 1024 * 1024;

/// The usual monitoring port beside the address of a server.
pub(super) fn beside(address: &str) -> Option<String> {
    let (_, rest) = address.split(',').next()?.split_once("://")?;
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    Some(format!("{}:{PORT}", host.trim_end_matches('/')))
}

/// When the server brings to disk what it has acknowledged, in words.
pub(super) async fn syncs(monitor: &str) -> Result<String, String> {
    let asked = tokio::time::timeout(LIMIT, get(monitor)).await;
    let body = asked.map_err(|_| "no answer in time".to_owned())?;
    let body = body.map_err(|error| error.to_string())?;
    in_words(&body).ok_or_else(|| "its answer has no JetStream settings".to_owned())
}

async fn get(monitor: &str) -> std::io::Result<Value> {
    let host = monitor.strip_prefix("http://").unwrap_or(monitor);
    let host = host.trim_end_matches('/');
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /varz HTTP/1.0\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(BYTES_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).map_err(std::io::Error::other)
}

fn in_words(varz: &Value) -> Option<String> {
    let config = varz.get("jetstream")?.get("config")?;
    if config.get("sync_always").and_then(Value::as_bool) == Some(true) {
        return Some("before it acknowledges: a power cut loses nothing".to_owned());
    }
    let every = config.get("sync_interval")?.as_u64()? / 1_000_000_000;
    Some(format!(
        "every {every} s: a power cut may lose what it acknowledged since; readers then read it \
         from the producers"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_monitoring_port_is_beside_the_first_server() {
        let address = "nats://me:secret@one.example:4222,nats://two.example";
        assert_eq!(beside(address).unwrap(), "one.example:8222");
        assert_eq!(beside("nats://127.0.0.1").unwrap(), "127.0.0.1:8222");
    }

    #[test]
    fn what_a_power_cut_may_lose_is_told() {
        let seldom = json!({"jetstream": {"config": {"sync_interval": 120_000_000_000_u64}}});
        assert!(in_words(&seldom).unwrap().starts_with("every 120 s"));
        let always = json!({"jetstream": {"config": {"sync_always": true}}});
        assert!(in_words(&always).unwrap().contains("loses nothing"));
        assert_eq!(in_words(&json!({})), None);
    }
}
