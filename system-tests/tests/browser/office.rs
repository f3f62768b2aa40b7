//! What people of the task exchange do on its pages.

use std::path::Path;

use crate::browser::Browser;
use crate::patience::eventually;

/// One request after another, ten beside each other, with the page's own rights.
const CREATE_MANY: &str = "
    const one = async (n) => {
        const answer = await fetch('/api/tasks', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ title: 'Task ' + n }),
        });
        if (answer.status !== 201) throw new Error(await answer.text());
    };
    const line = async (from) => {
        for (let n = from; n < MANY; n += 10) await one(n);
    };
    return Promise.all([...Array(10).keys()].map(line)).then(() => 'created');
";

impl Browser<'_> {
    /// Writes a task down by its form; it falls to somebody at once.
    pub(crate) async fn creates(&self, title: &str) {
        self.open("/exchange/tasks/new").await;
        self.arrives_at("New task").await;
        self.fill("#title", title).await;
        self.click("main form .button-primary").await;
        self.arrives_at(title).await;
        self.sees("by lot.").await;
    }

    /// Writes many tasks down as a program does that is signed in as the page is.
    pub(crate) async fn creates_many(&self, many: u32) {
        // A script may take thirty seconds.
        const PART: u32 = 200;
        for part in 0..many.div_ceil(PART) {
            let of_part = PART.min(many - part * PART).to_string();
            let created = self.script(&CREATE_MANY.replace("MANY", &of_part)).await;
            assert_eq!(created, Ok("created".into()));
        }
    }

    /// The balance on the page of an account, in cents.
    pub(crate) async fn balance(&self) -> Result<i64, String> {
        let text = self.text(".tiles .tile:first-child dd").await?;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let cents: i64 = digits.parse().map_err(|_| text.clone())?;
        Ok(if text.starts_with('-') { -cents } else { cents })
    }

    /// Waits until the balance is another one than before, and gives it.
    pub(crate) async fn balance_changes(&self, before: i64) -> i64 {
        let look = async || match self.balance().await? {
            now if now == before => Err(format!("it is still {now} cents")),
            now => Ok(now),
        };
        eventually("another balance", look).await
    }

    /// Waits until the balance stays what it is for a while, and gives it.
    pub(crate) async fn balance_rests(&self) -> i64 {
        let look = async || {
            let before = self.balance().await?;
            for _ in 0..20 {
                system_tests::pause(std::time::Duration::from_millis(100)).await;
                let now = self.balance().await?;
                if now != before {
                    return Err(format!("it went from {before} to {now}"));
                }
            }
            Ok(before)
        };
        eventually("the balance comes to rest", look).await
    }

    /// Waits for the page that comes after the press of the button.
    pub(crate) async fn has_asked_for_a_shuffle(&self) {
        let come = async || match self.path().await {
            path if path.ends_with("?done=shuffle") => Ok(()),
            path => Err(path),
        };
        eventually("the page after the shuffle was asked for", come).await;
    }

    /// How far the shuffle on the page is, in percent; none when it is over.
    pub(crate) async fn shuffle_progress(&self) -> Option<u64> {
        let bar = "return document.querySelector('#shuffle-progress')?.value ?? null";
        let told = self.script(bar).await;
        told.ok()
            .and_then(|value| value.as_f64())
            .map(|value| value as u64)
    }
}

/// Waits until a file has come whole into a folder, and gives its text.
pub(crate) async fn downloaded(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    let look = async || std::fs::read_to_string(&file).map_err(|error| error.to_string());
    eventually(name, look).await
}
