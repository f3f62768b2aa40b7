//! One person's browser: a session of its own with its own cookies.
//!
//! Every step waits until it can be done, and fails with what the page showed instead.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hyper::Method;
use serde_json::{Value, json};

use crate::driver::{Driver, brought};
use crate::patience::patiently;

/// The name of an element's id, by which WebDriver tells elements from other objects.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Scripts {
    On,
    Off,
}

pub(crate) struct Browser<'a> {
    driver: &'a Driver,
    site: SocketAddr,
    session: String,
    folder: PathBuf,
}

impl<'a> Browser<'a> {
    /// Starts one that keeps what it keeps in a folder.
    pub(crate) async fn start(
        driver: &'a Driver,
        site: SocketAddr,
        folder: &Path,
        scripts: Scripts,
    ) -> Self {
        let wish = capabilities(folder, scripts);
        let started = driver.ask(Method::POST, "/session", Some(&wish)).await;
        let started = started.expect("a browser");
        let session = started["sessionId"].as_str().expect("a session's id");
        Self {
            driver,
            site,
            session: format!("/session/{session}"),
            folder: folder.to_owned(),
        }
    }

    /// Goes to an address of the site, as if it had been typed.
    pub(crate) async fn open(&self, path: &str) {
        let url = format!("http://{}{path}", self.site);
        self.go(&url).await;
    }

    /// Goes to any address.
    pub(crate) async fn go(&self, url: &str) {
        let gone = self.post("/url", json!({ "url": url })).await;
        gone.expect("to go to an address");
    }

    /// Path and query of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        let url = self.get("/url").await.expect("an address");
        let url = url.as_str().unwrap_or_default();
        let path = url.strip_prefix(&format!("http://{}", self.site));
        path.unwrap_or(url).to_owned()
    }

    /// Clicks on the first element that a CSS selector finds.
    pub(crate) async fn click(&self, css: &str) {
        self.click_on("css selector", css).await;
    }

    /// Clicks on the first element that an XPath finds, which may go by the words on it.
    pub(crate) async fn click_by_words(&self, xpath: &str) {
        self.click_on("xpath", xpath).await;
    }

    /// Clicks on a link by its words.
    pub(crate) async fn follow(&self, words: &str) {
        self.click_on("link text", words).await;
    }

    async fn click_on(&self, using: &str, value: &str) {
        let click = async || {
            let element = self.find(using, value).await?;
            self.post(&format!("{element}/click"), json!({})).await
        };
        let clicked = patiently(click).await;
        self.must(clicked, &format!("to click on {value}")).await;
    }

    /// What the page asks before it goes on, which is then answered with no.
    pub(crate) async fn refuse(&self) -> String {
        let asked = patiently(async || self.get("/alert/text").await).await;
        let asked = self.must(asked, "a question").await;
        let refused = self.post("/alert/dismiss", json!({})).await;
        refused.expect("to refuse");
        asked.as_str().unwrap_or_default().to_owned()
    }

    /// Where downloads go from now on.
    pub(crate) async fn downloads_into(&self, folder: &Path) {
        let wish = json!({
            "cmd": "Browser.setDownloadBehavior",
            "params": { "behavior": "allow", "downloadPath": folder.to_string_lossy() },
        });
        let set = self.post("/goog/cdp/execute", wish).await;
        set.expect("a place for downloads");
    }

    /// Accepts what the page asks before it goes on.
    pub(crate) async fn confirm(&self) {
        let confirmed = patiently(async || self.post("/alert/accept", json!({})).await).await;
        self.must(confirmed, "a question").await;
    }

    /// Types into a field, in place of what it held.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let fill = async || {
            let element = self.find("css selector", css).await?;
            self.post(&format!("{element}/clear"), json!({})).await?;
            let keys = json!({ "text": text });
            self.post(&format!("{element}/value"), keys).await
        };
        let filled = patiently(fill).await;
        self.must(filled, &format!("to type into {css}")).await;
    }

    /// Chooses a file for a field.
    pub(crate) async fn choose(&self, css: &str, file: &Path) {
        let element = self.find("css selector", css).await;
        let element = self.must(element, css).await;
        let keys = json!({ "text": file.to_string_lossy() });
        let chosen = self.post(&format!("{element}/value"), keys).await;
        self.must(chosen, "to choose a file").await;
    }

    /// Presses keys one after another, wherever the page has put the cursor.
    pub(crate) async fn press(&self, keys: &str) {
        let press = async || {
            let focused = self.get("/element/active").await?;
            let id = focused[ELEMENT].as_str().ok_or("nothing has the focus")?;
            let keys = json!({ "text": keys });
            self.post(&format!("/element/{id}/value"), keys).await
        };
        let pressed = patiently(press).await;
        self.must(pressed, "to press keys").await;
    }

    /// The text of an element as it is displayed.
    pub(crate) async fn text(&self, css: &str) -> Result<String, String> {
        let element = self.find("css selector", css).await?;
        let text = self.get(&format!("{element}/text")).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an element's text holds some words, and gives the whole of it.
    pub(crate) async fn shows(&self, css: &str, words: &str) -> String {
        let look = async || {
            let text = self.text(css).await?;
            if text.contains(words) {
                Ok(text)
            } else {
                Err(text)
            }
        };
        let seen = patiently(look).await;
        self.must(seen, &format!("{words:?} in {css}")).await
    }

    /// Waits until the page says something.
    pub(crate) async fn sees(&self, words: &str) {
        self.shows("main", words).await;
    }

    /// Runs a script of ours, which works even where the page's own do not.
    pub(crate) async fn script(&self, script: &str) -> Result<Value, String> {
        let body = json!({ "script": script, "args": [] });
        self.post("/execute/sync", body).await
    }

    /// Makes the window as wide as a device.
    pub(crate) async fn resize(&self, width: u32) {
        let size = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false },
        });
        let resized = self.post("/goog/cdp/execute", size).await;
        resized.expect("another width");
    }

    /// What the console has been told since the last time: complaints only.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", json!({ "type": "browser" })).await;
        let entries = entries.expect("the console");
        let entries = entries.as_array().into_iter().flatten();
        entries
            .filter(|entry| {
                ["WARNING", "SEVERE"]
                    .map(Value::from)
                    .contains(&entry["level"])
            })
            .map(|entry| format!("{}: {}", entry["source"], entry["message"]))
            .collect()
    }

    /// Fails with the page as it stands, and leaves a picture of it.
    pub(crate) async fn must<T>(&self, outcome: Result<T, String>, what: &str) -> T {
        let Err(last) = outcome else {
            return outcome.expect("to be well");
        };
        let picture = self.folder.join("failed.png.base64");
        if let Ok(Value::String(image)) = self.get("/screenshot").await {
            let _ = std::fs::write(&picture, image);
        }
        let page = self.text("body").await.unwrap_or_else(|error| error);
        panic!(
            "the browser waited in vain for {what}\nlast: {last}\nat {} (picture: {})\n{page}\n",
            self.path().await,
            picture.display(),
        );
    }

    async fn find(&self, using: &str, value: &str) -> Result<String, String> {
        let wish = json!({ "using": using, "value": value });
        let found = self.post("/element", wish).await?;
        let id = found[ELEMENT].as_str().ok_or("an element without an id")?;
        Ok(format!("/element/{id}"))
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let path = format!("{}{path}", self.session);
        self.driver.ask(Method::GET, &path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        let path = format!("{}{path}", self.session);
        self.driver.ask(Method::POST, &path, Some(&body)).await
    }
}

fn capabilities(folder: &Path, scripts: Scripts) -> Value {
    let binary = brought("TIDINGS_TEST_CHROMIUM");
    let mut preferences = json!({});
    if scripts == Scripts::Off {
        preferences["profile.managed_default_content_settings.javascript"] = 2.into();
    }
    json!({ "capabilities": { "alwaysMatch": {
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": binary.to_string_lossy(),
            "prefs": preferences,
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--lang=en-US",
                format!("--user-data-dir={}", folder.display()),
            ],
        },
    } } })
}
