//! A running server, as an operator asks it.

use std::time::Duration;

use reqwest::header::LINK;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tidings::{Clock, Db};

use crate::cli::Asking;
use crate::config::Config;
use crate::{Error, services};

const AUTH: &str = "auth";
const TOKEN: &str = "TIDINGS_TOKEN";
const LIMIT: Duration = Duration::from_secs(60);
const UNSEEN: &str = "tidings-unseen";
const AFTER: &str = "tidings-after";
/// More than one answer of a list has.
const PAGE: u32 = 200;

/// Where it is, and the token that it is asked with.
pub(super) struct Server {
    http: Client,
    base: Url,
    token: Token,
}

enum Token {
    /// From the environment.
    Given(String),
    /// Signed with the key of the installation, as often as one has run out.
    Own { auth: Db, email: Option<String> },
}

impl Server {
    /// Finds the server and what to ask it with; asks nothing yet.
    ///
    /// # Errors
    /// When an address cannot be used, or there is no token and nothing to make one of.
    pub(super) async fn find(config: &Config, asking: &Asking) -> Result<Self, Error> {
        let base = asking.url.clone().unwrap_or_else(|| config.own_address());
        let base = Url::parse(&base).ok().filter(|url| url.has_host());
        let base = base.ok_or_else(|| Error::BadServer {
            url: asking.url.clone().unwrap_or_default(),
        })?;
        let token = match std::env::var(TOKEN) {
            Ok(token) if !token.is_empty() => Token::Given(token),
            _ => Token::Own {
                auth: accounts(config).await?,
                email: asking.name.clone(),
            },
        };
        let http = Client::builder().timeout(LIMIT).build();
        let http = http.map_err(|source| Error::Ask {
            url: base.to_string(),
            source,
        })?;
        Ok(Self { http, base, token })
    }

    async fn token(&self) -> Result<String, Error> {
        match &self.token {
            Token::Given(token) => Ok(token.clone()),
            Token::Own { auth, email } => {
                let now = Clock::system().now();
                let token = auth::operator_token(auth, email.as_deref(), now).await;
                token.map_err(|source| Error::Name {
                    name: email.clone(),
                    source,
                })
            }
        }
    }

    /// Asks for something: `["ops", "events", "orders.1.2"]`, with fields that have a value.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
    ) -> Result<Value, Error> {
        let request = self.http.request(Method::GET, self.url(path, query));
        read(self.send(request).await?).await
    }

    /// One part of a list.
    pub(super) async fn part(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
    ) -> Result<Part, Error> {
        self.part_at(self.url(path, query)).await
    }

    async fn part_at(&self, url: Url) -> Result<Part, Error> {
        let answer = self.send(self.http.request(Method::GET, url)).await?;
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        let (unseen, after) = (header(UNSEEN), header(AFTER));
        let next = header(LINK.as_str()).and_then(|link| next_of(&link));
        match read(answer).await? {
            Value::Array(items) => Ok(Part {
                items,
                next,
                after,
                unseen,
            }),
            _ => Err(self.strange()),
        }
    }

    /// A list, as many parts of it as are needed.
    pub(super) async fn list(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
        limit: u32,
    ) -> Result<Listed, Error> {
        let mut url = self.url(path, query);
        let size = limit.min(PAGE).to_string();
        url.query_pairs_mut().append_pair("limit", &size);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut listed = Listed::default();
        loop {
            let part = self.part_at(url).await?;
            listed.unseen = part.unseen;
            listed.items.extend(part.items);
            match part.next.and_then(|next| self.base.join(&next).ok()) {
                Some(next) if listed.items.len() < limit => url = next,
                more => {
                    listed.is_more = more.is_some() || listed.items.len() > limit;
                    listed.items.truncate(limit);
                    return Ok(listed);
                }
            }
        }
    }

    /// Tells it to do something.
    pub(super) async fn post(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
        body: &Value,
    ) -> Result<Value, Error> {
        let request = self.http.request(Method::POST, self.url(path, query));
        let request = request.header("content-type", "application/json");
        read(self.send(request.body(body.to_string())).await?).await
    }

    fn url(&self, path: &[&str], query: &[(&str, Option<String>)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        for (name, value) in query {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let request = request.bearer_auth(self.token().await?);
        request.send().await.map_err(|source| Error::Ask {
            url: self.base.to_string(),
            source: source.without_url(),
        })
    }

    pub(super) fn strange(&self) -> Error {
        Error::Strange {
            url: self.base.to_string(),
        }
    }
}

/// Part of a list.
pub(super) struct Part {
    pub(super) items: Vec<Value>,
    next: Option<String>,
    /// From where on new events are asked for.
    pub(super) after: Option<String>,
    unseen: Option<String>,
}

/// A list, and what is not in it.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) items: Vec<Value>,
    pub(super) is_more: bool,
    /// Services that did not answer.
    pub(super) unseen: Option<String>,
}

/// The database of accounts, to be read beside a running server.
async fn accounts(config: &Config) -> Result<Db, Error> {
    let setup = services::setup(config.storage_of(AUTH), services::Settings::default());
    let seen = setup.only(&[AUTH]).inspect().await.map_err(Error::Open)?;
    let mut services = seen.services.into_iter();
    let auth = services.find(|one| one.name == AUTH && one.is_there);
    auth.and_then(|one| one.db).ok_or(Error::NoToken)
}

/// `<…>; rel="next"`
fn next_of(link: &str) -> Option<String> {
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| address.to_owned())
}

/// What it has answered, or why it has refused.
async fn read(answer: Response) -> Result<Value, Error> {
    let status = answer.status();
    let url = answer.url().clone();
    let text = answer.text().await.map_err(|source| Error::Ask {
        url: url.to_string(),
        source: source.without_url(),
    })?;
    if status.is_success() {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let read = serde_json::from_str(&text);
        return read.map_err(|_| Error::Strange {
            url: url.to_string(),
        });
    }
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let errors = problem["errors"].as_array().into_iter().flatten();
    let texts: Vec<&str> = errors.filter_map(|one| one["message"].as_str()).collect();
    let text = match texts.is_empty() {
        true => problem["title"]
            .as_str()
            .unwrap_or("no reason is given")
            .to_owned(),
        false => texts.join(" "),
    };
    Err(match status {
        StatusCode::NOT_FOUND => Error::NotThere { text },
        StatusCode::CONFLICT => Error::TooLate { text },
        _ => Error::Refused {
            status: status.as_u16(),
            text,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::next_of;

    #[test]
    fn the_next_part_is_where_the_server_says() {
        let next = next_of(r#"</ops/events?cursor=a&limit=2>; rel="next""#);
        assert_eq!(next.as_deref(), Some("/ops/events?cursor=a&limit=2"));
        assert_eq!(next_of(r#"</ops/events>; rel="first""#), None);
        assert_eq!(next_of("nonsense"), None);
    }
}
