//! The register is called by gRPC, by a program that has nothing of ours.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Account, Failure, Site};

use crate::office::create;
use crate::{BINARY, tell};

/// What `cargo xtask test` says.
fn from_xtask(name: &str) -> Result<OsString, Failure> {
    let said = std::env::var_os(name);
    said.ok_or_else(|| format!("{name} is not set: run `cargo xtask test`").into())
}

/// What Python's client is told.
fn called(address: SocketAddr, token: &str) -> Result<Value, Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/platforms.py");
    let output = Command::new(from_xtask("TIDINGS_TEST_PYTHON")?)
        .env("PYTHONPATH", from_xtask("TIDINGS_TEST_PYTHON_PACKAGES")?)
        .args([script, &address.to_string(), token])
        .output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("the client failed: {text}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn token(of: &Account) -> Result<String, Failure> {
    let answer = of.client.post("/api/users/token", &json!({})).await?;
    Ok(answer.field("token"))
}

/// A.1: the contract of the original, with what a replica needs besides; found by reflection,
/// on the port of all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_another_language_finds_the_contract_and_reads_all_platforms()
-> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let (server, admin) = site.start_with_admin(&[]).await?;
    let first = create(&admin, "Kubernetes").await?;
    let second = create(&admin, "Grüße & Ünïcode").await?;
    let archived = create(&admin, "Forgotten").await?;
    let path = format!("/api/platforms/{}/archive", archived["number"]);
    let answer = admin.client.post(&path, &json!({})).await?;
    assert_eq!(answer.status, 200, "{}", answer.text);

    let all = called(site.address(), &token(&admin).await?)?;
    let entry = |record: &Value| {
        json!({
            "platformId": record["number"], "name": record["name"],
            "publisher": record["publisher"], "id": record["id"],
            "lifecycle": record["lifecycle"], "version": record["version"],
        })
    };
    let expected = json!({
        "services": ["GrpcPlatform", "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection"],
        "health": { "": 1, "GrpcPlatform": 1, "Nothing": "NOT_FOUND" },
        "code": "OK",
        "platforms": [entry(&first), entry(&second)],
    });
    assert_eq!(all, expected);

    // nobody reads it who may not.
    assert_eq!(called(site.address(), "")?["code"], "UNAUTHENTICATED");
    assert_eq!(called(site.address(), "x.y.z")?["code"], "UNAUTHENTICATED");
    let stranger = Account::sign_up(site.address()).await?;
    let refused = called(site.address(), &token(&stranger).await?)?;
    assert_eq!(
        (&refused["code"], &refused["platforms"]),
        (&json!("PERMISSION_DENIED"), &json!([]))
    );

    let proto = stranger.client.get("/protos/platforms.proto").await?;
    assert_eq!(
        (proto.status, proto.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    assert!(
        proto
            .text
            .contains("rpc GetAllPlatforms (GetAllRequest) returns (PlatformResponse);")
    );
    drop(server);
    site.remove().await
}

/// Both ways of HTTP on one port: what begins like neither is let go, and a stream that its
/// reader keeps open does not hold up a stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_speaks_both_ways_and_waits_for_neither() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let server = site.start().await?;
    let connect = || -> Result<TcpStream, Failure> {
        let stream = TcpStream::connect(site.address())?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(stream)
    };
    let mut slow = connect()?;
    for part in [
        "P",
        "U",
        "T /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        slow.write_all(part.as_bytes())?;
        slow.flush()?;
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");

    let mut second = connect()?;
    // The preface, and settings that say nothing.
    second.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")?;
    let mut head = [0; 9];
    second.read_exact(&mut head)?;
    assert_eq!(head[3], 4, "settings come first: {head:?}");

    let mut nonsense = connect()?;
    nonsense.write_all(b"PRINCE\r\n\r\n\0\0\0")?;
    let mut rest = Vec::new();
    // It may be told why, or find the line cut.
    let _ = nonsense.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 2"));

    let _silent = connect()?;
    let (status, took) = server.stop(Duration::from_secs(20)).await?;
    assert!(status.success(), "{status}");
    tell(&format!(
        "with an open HTTP/2 connection a stop took {took:.1?}"
    ));
    assert!(took < Duration::from_secs(10), "{took:?}");
    site.remove().await
}
