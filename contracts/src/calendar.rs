//! Days for everybody who speaks of them: civil days, as the books count them in one time
//! zone (B-34), and ranges of them that somebody asks for.

mod asked;
mod day;
mod zone;

pub use asked::{RangeAsked, check_range, read_day};
pub use day::{BillingDay, Day};
pub use zone::{BadZone, Calendar};
