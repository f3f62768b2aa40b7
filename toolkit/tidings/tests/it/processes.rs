//! Services of one installation in several processes: who is whom, who is where.

mod site;
mod tokens;
