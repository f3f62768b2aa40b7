//! Instances of one service on one database share its slots, and hand them over.

mod handover;
mod together;
mod words;
