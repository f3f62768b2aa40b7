//! Days as the books count them, for everybody who speaks of them: civil days of one time
//! zone (B-34), and ranges of them that somebody asks for.

mod asked;
mod day;
mod zone;

pub use asked::{RangeAsked, check_range, read_day};
pub use day::BillingDay;
pub use zone::{BadZone, Calendar};
