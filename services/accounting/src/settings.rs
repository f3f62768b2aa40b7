//! What can be set from outside.

use crate::calendar::{BadZone, Calendar};
use crate::price::Prices;

/// How the books are kept.
///
/// ```
/// use accounting::Settings;
///
/// let settings = Settings::default().zone("Europe/Berlin")?.prices_seed(7);
/// # let _ = settings;
/// # Ok::<(), accounting::BadZone>(())
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
    ///
    /// # Errors
    /// When there is no zone of this name in the IANA database.
    pub fn zone(mut self, name: &str) -> Result<Self, BadZone> {
        self.calendar = Calendar::try_new(name)?;
        Ok(self)
    }

    /// Draws the same prices for the same tasks at every start.
    #[must_use]
    pub fn prices_seed(mut self, seed: u64) -> Self {
        self.prices = Prices::seeded(seed);
        self
    }
}
