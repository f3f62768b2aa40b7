//! What can be set from outside.

use crate::price::Prices;
use contracts::calendar::Calendar;

/// How the books are kept.
///
/// ```
/// use accounting::Settings;
/// use contracts::calendar::Calendar;
///
/// let calendar = Calendar::try_new("Europe/Berlin")?;
/// let settings = Settings::default().calendar(calendar).prices_seed(7);
/// # let _ = settings;
/// # Ok::<(), contracts::calendar::BadZone>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) calendar: Calendar,
    pub(crate) prices: Prices,
}

impl Default for Settings {
    /// Days of Greenwich, and prices that nobody can foresee.
    fn default() -> Self {
        Self {
            calendar: Calendar::utc(),
            prices: Prices::by_chance(),
        }
    }
}

impl Settings {
    /// The time zone in which days begin and end (B-34). Changed later, it counts for what is
    /// posted from then on.
    #[must_use]
    pub fn calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Draws the same prices for the same tasks at every start.
    #[must_use]
    pub fn prices_seed(mut self, seed: u64) -> Self {
        self.prices = Prices::seeded(seed);
        self
    }
}
