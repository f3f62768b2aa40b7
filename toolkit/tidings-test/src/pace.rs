//! How long something takes on a machine that does other things, too.

use std::time::{Duration, Instant};

use tidings::{Error, Handle};

/// The same work every time, in the database of a service.
const WORK: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    SELECT count(*) FROM n";
/// How often it is done to learn what it takes where nothing is in its way: it is short, so that
/// now and then nothing is.
const TO_LEARN: u32 = 100;
const TO_COMPARE: u32 = 5;
/// A machine that is busier than this is told so no more.
const FACTOR_MAX: f64 = 10.0;

/// How much slower the machine is at the moment than when nothing is in its way, told by
/// a statement that is always the same work.
///
/// A test that holds something to a time asks for its time as on a quiet machine, and does not
/// fail because others build on the same one.
///
/// ```
/// # async fn example(service: &tidings::Handle) -> Result<(), tidings::Error> {
/// let mut pace = tidings_test::Pace::learn(service).await?;
/// let (took, sum) = pace.time(service, async { 1 + 1 }).await?;
/// assert_eq!(sum, 2);
/// assert!(took < std::time::Duration::from_millis(50));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Pace {
    least: Duration,
}

impl Pace {
    /// Does the work a hundred times and keeps the quickest.
    ///
    /// # Errors
    /// As statements.
    pub async fn learn(service: &Handle) -> Result<Self, Error> {
        let mut pace = Self {
            least: Duration::MAX,
        };
        for _ in 0..TO_LEARN {
            pace.work(service).await?;
        }
        Ok(pace)
    }

    /// What comes of something, and how long it would have taken where nothing is in its way.
    ///
    /// # Errors
    /// As statements.
    pub async fn time<T>(
        &mut self,
        service: &Handle,
        work: impl Future<Output = T>,
    ) -> Result<(Duration, T), Error> {
        let factor = self.factor(service).await?;
        let begun = Instant::now();
        let done = work.await;
        Ok((begun.elapsed().div_f64(factor), done))
    }

    /// How many times as long the work takes now: 1 on a machine that does nothing else, and at
    /// most 10.
    async fn factor(&mut self, service: &Handle) -> Result<f64, Error> {
        let mut all = Duration::ZERO;
        for _ in 0..TO_COMPARE {
            all += self.work(service).await?;
        }
        let least = self.least.saturating_mul(TO_COMPARE);
        Ok(all.div_duration_f64(least).clamp(1.0, FACTOR_MAX))
    }

    async fn work(&mut self, service: &Handle) -> Result<Duration, Error> {
        let mut conn = service.read().await?;
        let begun = Instant::now();
        let _: Vec<(i64,)> = conn.query(WORK, &[]).await?;
        let took = begun.elapsed();
        self.least = self.least.min(took);
        Ok(took)
    }
}
