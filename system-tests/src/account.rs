//! Somebody with an account, signed in.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use crate::{Client, Failure};

/// A person who has signed up, and whose session the client holds.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// Its address, by which a role is given to it.
    pub email: String,
    /// The person's browser.
    pub client: Client,
}

impl Account {
    /// Signs up with an address that nobody has, from a machine that nobody shares.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn sign_up(server: SocketAddr) -> Result<Self, Failure> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let client = Client::new(server);
        let email = format!("person-{number}@example.com");
        let body = json!({
            "email": email,
            "password": format!("a long pass phrase, number {number}"),
        });
        let answer = client.post("/api/users/signup", &body).await?;
        if answer.status != 201 {
            return Err(format!("sign-up was refused: {} {}", answer.status, answer.text).into());
        }
        let cookie = answer.header("set-cookie");
        let session = cookie
            .strip_prefix("__Host-session=")
            .and_then(|rest| rest.split(';').next());
        let session = session.ok_or_else(|| format!("no session in {cookie:?}"))?;
        Ok(Self {
            id: answer.field("id"),
            email,
            client: client.with_session(session.to_owned()),
        })
    }
}
