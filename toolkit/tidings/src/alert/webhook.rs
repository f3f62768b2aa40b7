//! Tells a program of alerts: a signed POST, as callbacks are.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Url, redirect};
use serde::Serialize;

use super::{Channel, Letter};
use crate::callback::{Secret, signature};
use crate::{Timestamp, chain};

const ANSWER_LIMIT: Duration = Duration::from_secs(15);
const KEY_BYTES_MIN: usize = 24;

/// An address that is told of alerts, signed as [Standard Webhooks] has it.
///
/// Operators choose it, so unlike a callback's it may be near: `http://10.0.0.7:9000/alerts`. It
/// is asked directly, without a proxy, and no redirect is followed.
///
/// [Standard Webhooks]: https://www.standardwebhooks.com/
pub struct Webhook {
    url: Url,
    secret: Secret,
    client: OnceLock<Client>,
}

/// An address or a secret that cannot be used. Neither is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWebhook {
    /// The address.
    #[error(
        "write the address as https://host/path or http://host/path, without name and password"
    )]
    Url,
    /// The secret.
    #[error("write the secret as whsec_ and the base64 of at least {KEY_BYTES_MIN} random bytes")]
    Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    letter: &'a Letter,
    /// Alerts that are in none of the lists, because there are too many.
    left_out: usize,
}

impl Webhook {
    /// Tells this address, signed with this secret.
    ///
    /// # Errors
    /// When one of them cannot be used. No connection is tried.
    pub fn try_new(url: &str, secret: &str) -> Result<Self, BadWebhook> {
        let url: Url = url.parse().map_err(|_| BadWebhook::Url)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !["http", "https"].contains(&url.scheme()) || !is_plain || url.host().is_none() {
            return Err(BadWebhook::Url);
        }
        let secret = Secret::stored(secret.trim().to_owned());
        match secret.key_bytes() {
            Some(KEY_BYTES_MIN..) => {}
            _ => return Err(BadWebhook::Secret),
        }
        Ok(Self {
            url,
            secret,
            client: OnceLock::new(),
        })
    }

    /// Made when there is something to tell: it reads the machine's certificates.
    fn client(&self) -> Result<&Client, String> {
        if self.client.get().is_none() {
            let built = Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .pool_max_idle_per_host(0)
                .retry(reqwest::retry::never())
                .referer(false)
                .timeout(ANSWER_LIMIT)
                .build();
            // Two at once make two; the first one stays.
            let _ = self.client.set(built.map_err(|error| chain(&error))?);
        }
        self.client.get().ok_or_else(String::new)
    }

    async fn post(&self, letter: &Letter) -> Result<(), String> {
        let id = letter.id();
        let body = Body {
            r#type: "alerts.changed",
            timestamp: letter.at,
            data: Data {
                letter: &letter.cut(),
                left_out: letter.left_out(),
            },
        };
        let body = serde_json::to_string(&body).map_err(|error| error.to_string())?;
        let seconds = letter.at.as_micros().div_euclid(1_000_000);
        let signature = signature(std::slice::from_ref(&self.secret), &id, seconds, &body);
        let request = self
            .client()?
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Tidings/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        // The path may hold a token, and the text is shown.
        let answer = request.send().await;
        let answer = answer.map_err(|error| chain(&error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered {}", status.as_u16())),
        }
    }
}

impl Channel for Webhook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn tell<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.post(letter))
    }
}
