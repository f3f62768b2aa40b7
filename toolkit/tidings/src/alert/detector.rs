//! What services declare of their business: what should have moved on by now.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::db::Conn;
use crate::{Error, Service, Timestamp};

/// Findings of one detector at a time, at the most.
const MOST: u32 = 50;

/// What a detector gets: a connection for reading, and the moment that counts.
pub struct Look {
    conn: Conn,
    /// What has not moved since before this moment is found: now, less what the rule allows.
    pub before: Timestamp,
    /// Now, by the service clock.
    pub now: Timestamp,
}

impl Look {
    /// How many findings are taken; those that are found first count, so the oldest should be
    /// first: what is found no more is closed.
    #[must_use]
    pub fn most(&self) -> u32 {
        MOST
    }
}

impl Deref for Look {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Look {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Something that should have moved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is: `order 0192…`. The alert stays open for as long as it is found.
    pub subject: String,
    /// What is wrong with it, in a sentence that stays the same while it is.
    pub text: String,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            text: text.into(),
        }
    }
}

type Detect = Box<dyn Fn(Look) -> BoxFuture<'static, Result<Vec<Finding>, Error>> + Send + Sync>;

/// A detector as it was declared.
pub(crate) struct Detector {
    pub(crate) name: &'static str,
    pub(crate) after: Duration,
    pub(super) detect: Detect,
}

impl Detector {
    pub(super) async fn look(
        &self,
        conn: Conn,
        now: Timestamp,
        after: Duration,
    ) -> Result<Vec<Finding>, Error> {
        let before = now.minus(after);
        let mut found = (self.detect)(Look { conn, before, now }).await?;
        found.truncate(MOST as usize);
        Ok(found)
    }

    /// What the alerts' subjects begin with.
    pub(super) fn prefix(&self) -> String {
        format!("{}: ", self.name)
    }
}

impl Service {
    /// Declares a business detector: something that should have moved on, and has not for longer
    /// than `after`, which operators can change. What it finds is an alert of the kind
    /// `detector`, open for as long as it is found.
    ///
    /// It is asked every half minute by every instance, so it must be a cheap statement that an
    /// index answers, and it only reads. A failure of it changes nothing: what was found stays.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tidings::alert::{Finding, Look};
    /// use tidings::{Error, Service, params};
    ///
    /// async fn unpaid(mut look: Look) -> Result<Vec<Finding>, Error> {
    ///     let sql = "SELECT id FROM orders WHERE state = 'waiting' AND due_at < $1
    ///         ORDER BY due_at LIMIT $2";
    ///     let (before, most) = (look.before, look.most());
    ///     let late: Vec<(String,)> = look.query(sql, params![before, most]).await?;
    ///     let finding = |(id,)| Finding::new(format!("order {id}"), "it is past its hold");
    ///     Ok(late.into_iter().map(finding).collect())
    /// }
    ///
    /// Service::new("orders").detects("order past its hold", Duration::from_secs(120), unpaid);
    /// ```
    #[must_use]
    pub fn detects<F, Fut>(mut self, name: &'static str, after: Duration, detect: F) -> Self
    where
        F: Fn(Look) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Finding>, Error>> + Send + 'static,
    {
        let detect: Detect = Box::new(move |look| Box::pin(detect(look)));
        self.detectors.push(Detector {
            name,
            after,
            detect,
        });
        self
    }
}
