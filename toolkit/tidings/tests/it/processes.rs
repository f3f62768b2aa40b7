//! Services of one installation in several processes: who is whom, who is where.

mod events;
mod forwarding;
mod keys;
mod only;
mod site;
mod tokens;
